package dev.streamingsaga.lra;

import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port that is chosen once and stored in a file, because it is part of URLs that outlive the process. The file holds
 * one port per line, the current one last. If the stored port is in use, another one is chosen with a warning; the file
 * keeps the former ports.
 */
public final class PersistentPort {
    private static final Logger LOG = LoggerFactory.getLogger(PersistentPort.class);
    private static final int ATTEMPTS = 50;
    private static final int MAX_STORED = 10;
    /** Below the ephemeral ports: those are often in use by outgoing connections at a restart. */
    private static final int LOWEST = 20_000;

    private static final int HIGHEST = 32_000;

    private PersistentPort() {}

    /** Opens a server on a port; throws {@link BindException} if, and only if, the port is in use. */
    @FunctionalInterface
    public interface Opener<S> {
        S open(int port) throws IOException;
    }

    /** @param former ports of earlier starts, oldest first */
    public record Opened<S>(S server, int port, List<Integer> former) {}

    /**
     * Opens a server on the stored port, or on a free one, which it then stores.
     *
     * @param server name of the server in messages
     * @throws BindException if no free port was found
     */
    public static <S> Opened<S> open(Path file, String server, Opener<S> opener) throws IOException {
        List<Integer> ports = read(file);
        int kept = ports.isEmpty() ? 0 : ports.get(ports.size() - 1);
        for (int i = 0; i < ATTEMPTS; i++) {
            int port = i == 0 && kept > 0 ? kept : ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
            try {
                S opened = opener.open(port);
                if (port != kept) {
                    store(file, ports, port);
                }
                return new Opened<>(
                        opened,
                        port,
                        ports.stream().filter(p -> p != port).distinct().toList());
            } catch (BindException e) {
                if (port == kept) {
                    LOG.warn(
                            "port {} of the {} is in use by another process; choosing another one. LRAs that are still"
                                    + " open have the old port: the journal ends their sagas",
                            kept,
                            server);
                }
            }
        }
        throw new BindException("no free port for the " + server + " between " + LOWEST + " and " + HIGHEST + " after "
                + ATTEMPTS + " attempts; nothing was started");
    }

    /** The stored port, without choosing or opening one. */
    public static Optional<Integer> kept(Path file) throws IOException {
        List<Integer> ports = read(file);
        return ports.isEmpty() ? Optional.empty() : Optional.of(ports.get(ports.size() - 1));
    }

    private static List<Integer> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        try {
            return Files.readAllLines(file).stream()
                    .filter(s -> !s.isBlank())
                    .map(s -> port(s.strip()))
                    .toList();
        } catch (NumberFormatException e) {
            throw new IOException("cannot read a port from " + file + "; delete the file to choose another port", e);
        }
    }

    private static int port(String text) {
        int port = Integer.parseInt(text);
        if (port < 1 || port > 65_535) {
            throw new NumberFormatException(text);
        }
        return port;
    }

    private static void store(Path file, List<Integer> ports, int port) throws IOException {
        List<Integer> all = new ArrayList<>(ports);
        all.add(port);
        StringBuilder text = new StringBuilder();
        all.subList(Math.max(0, all.size() - MAX_STORED), all.size())
                .forEach(p -> text.append(p).append('\n'));
        PrivateFile.write(file, text.toString().getBytes(StandardCharsets.US_ASCII));
    }
}

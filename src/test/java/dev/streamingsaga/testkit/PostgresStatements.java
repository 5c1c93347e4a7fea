package dev.streamingsaga.testkit;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A port in front of a PostgreSQL server that counts what clients execute there, by reading their messages. BEGIN,
 * COMMIT and ROLLBACK count as transactions, not as statements; a statement in a batch counts each time. Thread-safe.
 */
public final class PostgresStatements implements AutoCloseable {
    private static final Set<String> TRANSACTION = Set.of("BEGIN", "COMMIT", "ROLLBACK");
    private static final int MAX_MESSAGE = 64 * 1024 * 1024;

    private final String url;
    private final int target;
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> executed = new TreeMap<>();
    private int commits;
    private int roundTrips;

    /**
     * @param executed number of executions by SQL text
     * @param commits transactions that were opened explicitly and committed
     * @param roundTrips how often a client waited for the server
     */
    public record Count(Map<String, Integer> executed, int commits, int roundTrips) {}

    private PostgresStatements(String url) throws IOException {
        URI server = URI.create(url.substring("jdbc:".length()));
        this.target = server.getPort();
        this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        this.url = url.replace(":" + target + "/", ":" + listener.getLocalPort() + "/");
        thread(this::accept);
    }

    /** @param url without TLS, of a server on this machine */
    public static PostgresStatements before(String url) {
        try {
            return new PostgresStatements(url);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The URL of the server, through this port. */
    public String url() {
        return url;
    }

    /** What was executed since the last call. */
    public synchronized Count take() {
        Count count = new Count(new TreeMap<>(executed), commits, roundTrips);
        executed.clear();
        commits = 0;
        roundTrips = 0;
        return count;
    }

    private synchronized void executed(String sql) {
        String text = sql.strip().replaceAll("\\s+", " ");
        if (!TRANSACTION.contains(text)) {
            executed.merge(text, 1, Integer::sum);
        } else if (text.equals("COMMIT")) {
            commits++;
        }
    }

    private synchronized void roundTrip() {
        roundTrips++;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(client);
                open.add(server);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                thread(() -> pump(client, server, () -> new Session().copy(client, server)));
                thread(() -> pump(server, client, () -> server.getInputStream().transferTo(client.getOutputStream())));
            } catch (IOException e) {
                // Closed, or the server does not answer: the client notices.
            }
        }
    }

    private interface Copy {
        void run() throws IOException;
    }

    private void pump(Socket from, Socket to, Copy copy) {
        try (from;
                to) {
            copy.run();
        } catch (IOException e) {
            // Closed on one side.
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    /** The messages of one connection; the format is in the PostgreSQL documentation, "Message Formats". */
    private final class Session {
        private final Map<String, String> prepared = new HashMap<>();
        private final Map<String, String> portals = new HashMap<>();

        void copy(Socket client, Socket server) throws IOException {
            DataInputStream in = new DataInputStream(client.getInputStream());
            DataOutputStream out = new DataOutputStream(server.getOutputStream());
            byte[] startup;
            do {
                byte[] head = in.readNBytes(4);
                startup = in.readNBytes(length(head) - 4);
                out.write(head);
                out.write(startup);
            } while (asksForEncryption(startup));
            while (true) {
                int type = in.read();
                byte[] head = in.readNBytes(4);
                if (type < 0 || head.length < 4) {
                    return;
                }
                byte[] body = in.readNBytes(length(head) - 4);
                count(type, body);
                out.write(type);
                out.write(head);
                out.write(body);
                out.flush();
            }
        }

        /** The server refuses, and the client starts without. */
        private static boolean asksForEncryption(byte[] startup) {
            return startup.length == 4 && startup[0] == 4 && startup[1] == (byte) 210;
        }

        private static int length(byte[] head) throws IOException {
            int length = (head[0] & 255) << 24 | (head[1] & 255) << 16 | (head[2] & 255) << 8 | head[3] & 255;
            if (length < 4 || length > MAX_MESSAGE) {
                throw new IOException("not a message of PostgreSQL: length " + length);
            }
            return length;
        }

        private void count(int type, byte[] body) {
            switch (type) {
                case 'Q' -> {
                    executed(text(body, 0));
                    roundTrip();
                }
                case 'S' -> roundTrip();
                case 'P' -> prepared.put(text(body, 0), text(body, end(body, 0) + 1));
                case 'B' -> portals.put(text(body, 0), prepared.getOrDefault(text(body, end(body, 0) + 1), "?"));
                case 'E' -> executed(portals.getOrDefault(text(body, 0), "?"));
                default -> {}
            }
        }

        private static String text(byte[] body, int from) {
            return new String(body, from, end(body, from) - from, StandardCharsets.UTF_8);
        }

        private static int end(byte[] body, int from) {
            int end = from;
            while (end < body.length && body[end] != 0) {
                end++;
            }
            return end;
        }
    }

    private static void thread(Runnable work) {
        Thread thread = new Thread(work, "postgres-statements");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}

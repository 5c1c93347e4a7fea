package dev.streamingsaga.source;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.PrivateFile;
import dev.streamingsaga.intake.BodyKey;
import dev.streamingsaga.journal.NodeName;
import dev.streamingsaga.journal.Origin;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SourceIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The host that this process runs on, as the journal knows it, and which sources it can read. The id is kept in the
 * data directory: it survives restarts, and another node has another one, even on the same machine.
 */
public final class SourceHost {
    /** File in the data directory. */
    public static final String FILE = "host-id";

    private static final String SPOOL = "spool";
    private static final int ID_CHARS = 26;

    private final String id;
    private final Path dataDir;

    private SourceHost(String id, Path dataDir) {
        this.id = id;
        this.dataDir = dataDir;
    }

    /** Reads the id, or chooses one for this data directory. */
    public static SourceHost open(SagaConfig config) {
        Path file = config.dataDir().resolve(FILE);
        try {
            if (!Files.exists(file)) {
                String chosen = NodeName.ofHost(config.operation().node().name());
                PrivateFile.write(file, chosen.getBytes(StandardCharsets.UTF_8));
            }
            return new SourceHost(Files.readString(file).strip(), config.dataDir());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read or write " + file, e);
        }
    }

    public String id() {
        return id;
    }

    /** The readable name of a host, from its id. */
    public static String name(String id) {
        return id.length() > ID_CHARS + 1 ? id.substring(0, id.length() - ID_CHARS - 1) : id;
    }

    /** What is known about a file when its saga is registered here. */
    public Origin origin(Path source, Optional<String> key) {
        return new Origin(key.orElse(source.toString()), id, readIdentity(source));
    }

    /** Whether the disk of this host is recorded as the one that holds the source. */
    public boolean holds(SagaRecord saga) {
        return saga.origin().host().equals(id);
    }

    /** The same body in the spool of this node. */
    public Optional<Path> spooled(Origin origin) {
        return BodyKey.parse(origin.key())
                .map(key -> dataDir.resolve(SPOOL).resolve(key.endpoint()).resolve(key.fileName()))
                .filter(Files::isRegularFile)
                .map(SourceFile::real);
    }

    /**
     * Finds the bytes of a saga's source on this host: the same body in its spool, or a file at the same path with the
     * same size and modification time, such as one on a share. Device and inode may differ; the next run compares the
     * hash.
     */
    public Optional<Path> find(SagaRecord saga) {
        return spooled(saga.origin()).or(() -> Optional.of(saga.source()).filter(path -> isSame(path, saga)));
    }

    private static boolean isSame(Path path, SagaRecord saga) {
        Optional<SourceIdentity> before = saga.origin().identity();
        return before.isPresent()
                && readIdentity(path).filter(before.get()::mayBeSharedWith).isPresent();
    }

    private static Optional<SourceIdentity> readIdentity(Path path) {
        try {
            return Optional.of(SourceFile.identity(path));
        } catch (SagaException e) {
            return Optional.empty(); // the saga's validation reports it, on the host that has the file
        }
    }
}

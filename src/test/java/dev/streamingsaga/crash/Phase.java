package dev.streamingsaga.crash;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What the process is doing when it is killed.
 *
 * <p>Each begins with a directory that a {@link Lane} prepares, and has one correct outcome, whatever the point of the
 * kill.
 */
enum Phase {
    /** The first start on an empty directory; afterwards a file is ingested. */
    INSTALL("nothing", "start", "ingest", "resume", "COMPLETED"),
    /** A saga from its beginning to COMPLETED. */
    FIRST("installed", "ingest", "recover", "resume", "COMPLETED"),
    /** A start that resumes a saga killed between two embedding batches. */
    RESUME("halfway", "recover", "recover", "resume", "COMPLETED"),
    /** A saga whose last store refuses the document, from the refusal to COMPENSATED. */
    COMPENSATION("refusing", "ingest", "recover", "resume", "COMPENSATED"),
    /** A start that continues a compensation killed between two stores. */
    RECOVERY("undoing", "recover", "recover", "resume", "COMPENSATED"),
    /** A start that compensates a saga killed between two embedding batches. */
    TAKEOVER("halfway", "recover", "recover", "compensate", "COMPENSATED"),
    /**
     * A service that ingests a file from its drop folder and moves it to {@code .done} with its outcome: only the side
     * effects that the first phase does not have.
     */
    DROP("installed", "drop", "drop", "resume", "COMPLETED"),
    /** As the second, with chunks that are compressed and encrypted: what concerns the bucket and the keys. */
    SEALED("installed", "ingest", "recover", "resume", "COMPLETED"),
    /** A changed file becomes version 3 of its document: version 2 is kept, version 1 removed. From COMPLETED on. */
    VERSION("versions", "change", "recover", "resume", "COMPLETED"),
    /** The deletion of a stored document, from its request on. Without a request, the document is still there. */
    DELETE("stored", "delete", "recover", "resume", "COMPLETED");

    final String template;
    /** What the process that is killed does. */
    final String work;
    /** What the process after it does. */
    final String after;

    final String outcome;
    private final String recoveryMode;

    Phase(String template, String work, String after, String recoveryMode, String outcome) {
        this.template = template;
        this.work = work;
        this.after = after;
        this.recoveryMode = recoveryMode;
        this.outcome = outcome;
    }

    Map<String, String> settings(Path data) {
        Map<String, String> settings = new HashMap<>(Map.of("saga.recovery.mode", recoveryMode, "saga.receipts", "on"));
        if (this == SEALED) {
            settings.putAll(Map.of(
                    "saga.chunk.compression",
                    "zstd",
                    "saga.chunk.encryption",
                    "aes256-gcm",
                    "saga.encryption.provider",
                    "key-file",
                    "saga.encryption.key-file",
                    Lane.keyFile(data).toString()));
        }
        if (this == DROP) {
            settings.putAll(Map.of(
                    "saga.http.enabled",
                    "false",
                    "saga.drop.dir",
                    Lane.dropFolder(data).toString(),
                    "saga.drop.stable-for",
                    "0s",
                    "saga.drop.interval",
                    "100ms",
                    "saga.duplicates",
                    "version"));
        }
        if (this == VERSION) {
            settings.putAll(Lane.VERSIONS);
        }
        return settings;
    }

    /**
     * A kill before the saga is journaled leaves no saga. All other phases have a saga already, or ingest the file
     * after the restart.
     */
    boolean mayLeaveNoSaga() {
        return this == FIRST || this == SEALED;
    }

    /**
     * Until the refusal, a compensated saga is like any other; until its completion, a new version is. The phase begins
     * there.
     */
    boolean beginsAt(Point point) {
        return switch (this) {
            case COMPENSATION ->
                point.kind().equals("relational") && point.what().startsWith("insert into relational_document");
            case DELETE -> point.kind().equals("journal") && point.what().startsWith("INSERT INTO deletion");
            case VERSION ->
                point.kind().equals("journal") && point.what().startsWith("UPDATE saga SET state = 'COMPLETED'");
            default -> true;
        };
    }
}

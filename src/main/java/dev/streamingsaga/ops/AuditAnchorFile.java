package dev.streamingsaga.ops;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.audit.AuditAnchor;
import dev.streamingsaga.audit.AuditLog;
import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the newest entry of the audit log outside of its database, in a file of the data directory. An anchor that
 * the log no longer contains is kept: it is the proof that the log was cut or written again.
 */
@PublicApi
public final class AuditAnchorFile {
    private static final Logger LOG = LoggerFactory.getLogger(AuditAnchorFile.class);
    private static final String NAME = "audit_anchor.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private boolean damageLogged;

    /** @param dataDir the data directory */
    public AuditAnchorFile(Path dataDir) {
        this.file = dataDir.resolve("reports").resolve(NAME);
    }

    public Path file() {
        return file;
    }

    /**
     * Empty if there is no file.
     *
     * @throws IllegalStateException if the file has no anchor in it
     */
    public Optional<AuditAnchor> read() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            JsonNode anchor = JSON.readTree(Files.readString(file));
            Optional<AuditAnchor> read = AuditAnchor.parse(
                    anchor.path("sequence").asText() + ":" + anchor.path("hash").asText());
            if (read.isEmpty()) {
                throw new IllegalStateException("the file " + file + " has no anchor of the audit log");
            }
            return read;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the file " + file + " is no JSON: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("the file " + file + " cannot be read", e);
        }
    }

    /**
     * Remembers the newest entry, if the log still contains the one that is remembered. Otherwise logs an error, once,
     * and leaves the file as it is.
     */
    synchronized void update(AuditLog log, Clock clock) {
        Optional<AuditAnchor> before = read();
        if (before.isPresent() && !log.contains(before.get())) {
            if (!damageLogged) {
                damageLogged = true;
                LOG.error(
                        "the audit log no longer contains entry {} as {} remembers it: it was cut or written again. Run:"
                                + " saga audit --check. The file stays as it is until it is removed",
                        before.get().sequence(),
                        file);
            }
            return;
        }
        AuditAnchor newest = log.newest();
        if (newest.sequence() > before.map(AuditAnchor::sequence).orElse(0L)) {
            write(newest, clock);
        }
    }

    private void write(AuditAnchor newest, Clock clock) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("timestamp", clock.instant().toString());
        fields.put("sequence", newest.sequence());
        fields.put("hash", newest.hash());
        try {
            PrivateFile.write(file, (JSON.writeValueAsString(fields) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("the anchor of the audit log cannot be written to " + file, e);
        }
    }
}

package dev.streamingsaga.backup;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code backup.json}, written last: a directory without it is no backup.
 *
 * @param format of the backup: {@value #FORMAT}
 * @param createdAt and {@code moment} in ISO 8601
 * @param dataDir the data directory that was backed up
 * @param filesSha256 of {@code files.jsonl}, which names every file with its size and SHA-256
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record BackupDescription(
        int format,
        String createdAt,
        String moment,
        String dataDir,
        long documents,
        long unfinished,
        long files,
        long sizeBytes,
        String filesSha256,
        List<String> missing,
        List<String> notIncluded) {
    static final int FORMAT = 1;
    static final String NAME = "backup.json";
    private static final long MAX_BYTES = 16 * 1024 * 1024;
    private static final ObjectMapper JSON = new ObjectMapper();

    void write(Path directory) throws IOException {
        PrivateFile.write(
                directory.resolve(NAME), JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
    }

    /** @throws BackupException if the directory is no complete backup of a known format */
    static BackupDescription read(Path directory) {
        Path file = directory.resolve(NAME);
        if (!Files.isRegularFile(file)) {
            throw new BackupException(directory + " is not a complete backup: it has no " + NAME
                    + "; nothing was changed. Name the directory that ./saga backup has written");
        }
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new BackupException(file + " is too large for the description of a backup; nothing was changed");
            }
            BackupDescription description = JSON.readValue(file.toFile(), BackupDescription.class);
            if (description.format() != FORMAT) {
                throw new BackupException(file + " has format " + description.format() + ", and this version reads "
                        + FORMAT + "; restore it with the version that wrote it");
            }
            return description;
        } catch (IOException e) {
            throw new BackupException(file + " cannot be read: " + e.getMessage() + "; nothing was changed", e);
        }
    }
}

package dev.streamingsaga.recovery;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.apache.camel.CamelContext;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Everything that is compared: the journal, the bucket, and the stores behind their routes. All stay the caller's to
 * close.
 *
 * @param context started, with the routes of the stores
 * @param originals where a completed document's original may lie; what is found there is compared byte by byte
 */
public record StorageAccess(
        SagaConfig config,
        CamelContext context,
        Journal journal,
        S3Client s3,
        DocumentContent content,
        Function<Document, List<Path>> originals) {}

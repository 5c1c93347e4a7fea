package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.VerifiedSources;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.source.DocumentSource;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.apache.camel.CamelContext;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Access to everything that is compared: the journal, the bucket, and the stores through their routes. The caller
 * closes them.
 *
 * @param context started, with the routes of the stores
 * @param originals paths at which the original of a completed document may be; a file found there is compared byte by
 *     byte
 */
public record StorageAccess(
        SagaConfig config,
        CamelContext context,
        Journal journal,
        S3Client s3,
        Sealing sealing,
        DocumentContent content,
        Function<Document, List<Path>> originals) {

    /** The verified bytes of a run's document. */
    DocumentSource source(Run run) {
        return new VerifiedSources(config, s3, sealing).of(run);
    }
}

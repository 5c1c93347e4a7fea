package dev.streamingsaga.upload;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.chunk.IncomingObjects;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.DeliveryRequest;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.NewUpload;
import dev.streamingsaga.journal.Origin;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.upload.ResumableUploads.ResumableRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import software.amazon.awssdk.services.s3.S3Client;

/** Receives bodies straight into the bucket. Thread-safe. */
public final class Uploads implements AutoCloseable {
    private final SagaConfig config;
    private final UploadParts parts;
    private final ResumableUploads resumable;

    /** What uploads depend on; the caller closes it. */
    public record UploadDependencies(
            SagaConfig config, Runs runs, SagaEngine engine, DocumentContent content, S3Client s3, Sealing sealing) {}

    /**
     * Removes the chunks that a killed process left in the folder.
     *
     * @throws IOException if the folder for chunks in flight cannot be created
     */
    public Uploads(CamelContext context, UploadDependencies dependencies) throws IOException {
        this.config = dependencies.config();
        Path folder = config.chunksInFlight();
        Permissions.tighten(Permissions.folder(folder));
        deleteParts(folder);
        ExecutorService threads = context.getExecutorServiceManager().newCachedThreadPool(this, config.id("uploads"));
        this.parts = new UploadParts(
                config,
                dependencies.runs(),
                dependencies.engine(),
                dependencies.content(),
                new IncomingObjects(config, context, dependencies.s3(), dependencies.sealing()),
                threads,
                folder);
        this.resumable = new ResumableUploads(this, parts, config);
    }

    private static void deleteParts(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path part : files.toList()) {
                Files.deleteIfExists(part);
            }
        }
    }

    /** @throws DocumentRefusedException TOO_LARGE */
    public void requireAllowed(long sizeBytes) {
        if (sizeBytes > config.documents().source().maxSizeBytes()) {
            throw BodyWriter.tooLarge(config.documents().source().maxSizeBytes());
        }
    }

    /**
     * Begins to receive a body: the journal has its saga when this returns.
     *
     * @throws RuntimeException if the journal does not accept it, or this process is stopping; nothing is kept
     */
    public BodyUpload begin(Uploader uploader, String name) {
        parts.runs().requireOpen(name);
        ActiveRun run = register(new NewUpload(
                        newSaga(uploader, name),
                        false,
                        OptionalLong.empty(),
                        Optional.empty(),
                        "",
                        config.endpoints().http().uploads().expire(),
                        0))
                .orElseThrow();
        BodyWriter writer = new BodyWriter(
                parts, run, List.of(), config.documents().source().maxSizeBytes());
        writer.setDigest(Sha256.digest());
        return new BodyUpload(parts, run, writer);
    }

    /** Bodies that are sent with several requests. */
    public ResumableUploads resumable() {
        return resumable;
    }

    /** Empty if the sender has too many incomplete bodies. */
    Optional<ActiveRun> register(ResumableRequest request) {
        parts.runs().requireOpen(request.name());
        return register(new NewUpload(
                newSaga(request.uploader(), request.name()),
                true,
                OptionalLong.of(request.lengthBytes()),
                request.sha256(),
                request.metadata(),
                config.endpoints().http().uploads().expire(),
                config.endpoints().http().uploads().maxOpen()));
    }

    private Optional<ActiveRun> register(NewUpload upload) {
        Optional<ActiveRun> run = parts.journal().uploads().begin(upload).map(parts.runs()::begin);
        run.ifPresent(this::prepare);
        return run;
    }

    private void prepare(ActiveRun run) {
        try {
            SagaRecord saga = run.initialSaga();
            run.setDocument(UploadDocuments.arriving(config, saga, documentId(saga), label(run)));
            run.begin(StoreNames.UPLOAD, SagaState.UPLOADING);
        } catch (RuntimeException e) {
            parts.runs().markLost(run, e);
            throw e;
        }
    }

    private String documentId(SagaRecord saga) {
        return config.documents().source().duplicates() == Duplicates.VERSION
                ? parts.journal().versions().documentId(saga)
                : Ids.document("body", saga.sagaId());
    }

    private SecurityLabel label(ActiveRun run) {
        return parts.journal().labels().of(run.sagaId()).orElseThrow();
    }

    private NewSaga newSaga(Uploader uploader, String name) {
        return new NewSaga(
                Path.of(""),
                new Origin("upload:" + Ids.next(), "", Optional.empty()),
                DocumentName.cleaned(name),
                config.participants(),
                config.endpoints().http().uploads().expire(),
                uploader.label().owner(),
                uploader.label().classification(),
                config.documents().security().keyId(),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.of(uploader.sender()),
                // Recorded when the body is complete. Until then only its sender can deliver it again.
                DeliveryRequest.NONE,
                uploader.access());
    }

    /** The reason with which a body is given up that failed like this. */
    public static Reason reason(Exception failure) {
        return BodyWriter.reason(failure);
    }

    @Override
    public void close() throws IOException {
        parts.objects().close();
    }
}

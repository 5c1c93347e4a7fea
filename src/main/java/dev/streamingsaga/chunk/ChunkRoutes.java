package dev.streamingsaga.chunk;

import static dev.streamingsaga.config.RouteNames.COMPENSATE;
import static dev.streamingsaga.config.RouteNames.COMPLETE;
import static dev.streamingsaga.config.RouteNames.CONTENT;
import static dev.streamingsaga.config.RouteNames.COUNT;
import static dev.streamingsaga.config.RouteNames.MANIFEST;
import static dev.streamingsaga.config.RouteNames.WRITE;
import static dev.streamingsaga.config.RouteNames.store;
import static dev.streamingsaga.journal.StepNames.VERIFY;
import static dev.streamingsaga.journal.StoreNames.UPLOAD;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.BucketLocation;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.sealing.Sealing;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.LoggingLevel;
import org.apache.camel.TypeConversionException;
import org.apache.camel.TypeConverter;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.support.TypeConverterSupport;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The routes of the object store: {@code store-upload} with its compensation and count, {@code verify}, {@code
 * manifest} and {@code content}.
 *
 * <p>Upload, verify and manifest need the {@link Run} in its exchange property and do not change the body. They never
 * handle a failure: the exchange's exception is a {@link SagaException}. After a failed upload, other chunks may still
 * be in flight; each holds an open permit.
 */
public final class ChunkRoutes extends RouteBuilder {
    private static final String CHUNK = "chunk";
    static final String CHUNK_ATTEMPTS = "chunk-attempts";
    private static final String CHUNK_PUT = "chunk-put";
    private static final String CHUNK_AGAIN = "chunk-again";
    private static final String MANIFEST_AGAIN = "manifest-again";

    private static final String BODY = "SagaManifestBody";

    private final SagaConfig config;
    private final S3Client s3;
    private final Sealing sealing;
    private final Supplier<String> epoch;

    /** As below, without keys, and without an owner object in the bucket. */
    public ChunkRoutes(SagaConfig config, S3Client s3) {
        this(config, s3, Sealing.open(config.documents().chunk().storedAs(), Optional.empty()), () -> "");
    }

    /**
     * @param s3 bound in the registry as {@code <name>-s3-client}; closed by the caller
     * @param epoch the epoch of the journal that owns the objects; empty: no owner object is written
     */
    public ChunkRoutes(SagaConfig config, S3Client s3, Sealing sealing, Supplier<String> epoch) {
        this.config = config;
        this.s3 = s3;
        this.sealing = sealing;
        this.epoch = epoch;
    }

    /** Endpoint URI of the component, with the shared client. */
    static String s3(SagaConfig config, String options) {
        return "aws2-s3:" + config.servers().s3().bucket() + "?amazonS3Client=#" + config.id("s3-client")
                + (options.isEmpty() ? "" : "&" + options);
    }

    @Override
    public void configure() {
        getContext().getRegistry().bind(config.id("s3-client"), S3Client.class, s3);
        addConverter();
        Bucket bucket = new Bucket(s3, config.servers().s3().bucket());
        ExecutorService pool = threads();
        errorHandler(noErrorHandler());
        upload(new PlanUpload(bucket, config.servers().s3().timeout(), config.documents().chunk().parallelism()), pool);
        put(new ChunkAttempt(
                new UploadFailures(config),
                ChunkSealer.of(config, sealing),
                config.documents().chunk().retryDelay()));
        verify(bucket, pool);
        content();
        compensate(bucket, pool);
        complete(new ConcurrentHashMap<>());
    }

    /**
     * A pool without a limit: {@link InFlight} limits each saga to {@code saga.chunk.parallelism} threads and one for
     * the splitter, so no saga waits for the threads of another. The caller must never run a task itself: the call
     * stack of the splitter would grow with each chunk, and it would schedule nothing while its thread sends. Tasks
     * that are submitted while the context stops are dropped; the next start resumes the saga.
     */
    private ExecutorService threads() {
        return getContext().getExecutorServiceManager().newCachedThreadPool(this, config.id(CHUNK));
    }

    private void upload(PlanUpload plan, ExecutorService pool) {
        from(config.direct(store(UPLOAD, WRITE)))
                .routeId(config.id(store(UPLOAD, WRITE)))
                .routeDescription("Plans the chunks in the journal and sends them in parallel")
                .process(plan::plan)
                .doTry()
                    .split(exchangeProperty(PlanUpload.CHUNKS))
                            .streaming().parallelProcessing().executorService(pool).stopOnException()
                            // If the exchange of a chunk is lost, the upload waits until the saga's time limit.
                            .timeout(config.timeLimit().toMillis())
                        .doTry()
                            .to(config.direct(CHUNK))
                        .doCatch(Exception.class)
                            .process(plan::failed)
                        .doFinally()
                            .process(ObjectPut::release)
                            .process(exchange -> Upload.of(exchange).finished())
                        .end()
                    .end()
                    .process(exchange -> Upload.of(exchange).requireAllSent())
                .endDoTry()
                .doCatch(Exception.class)
                    .process(ChunkRoutes::rethrowFirstFailure)
                .end();

        from(config.direct(CHUNK))
                .routeId(config.id(CHUNK))
                .routeDescription("Sends one chunk, unless the bucket confirms that an earlier run sent it")
                .streamCache(false)
                .process(plan::describe)
                .filter(exchange -> !plan.isStored(exchange))
                    .to(config.direct(CHUNK_ATTEMPTS))
                .end();
    }

    private void put(ChunkAttempt attempt) {
        from(config.direct(CHUNK_ATTEMPTS))
                .routeId(config.id(CHUNK_ATTEMPTS))
                .routeDescription("Retries one object as often as configured")
                .streamCache(false)
                .errorHandler(defaultErrorHandler()
                        .maximumRedeliveries(config.documents().chunk().attempts() - 1)
                        .redeliveryDelay(0)
                        .onRedelivery(attempt::pause)
                        .allowRedeliveryWhileStopping(false)
                        .retryAttemptedLogLevel(LoggingLevel.WARN)
                        .logRetryStackTrace(false)
                        .logExhausted(false))
                .onException(SagaException.class)
                    .maximumRedeliveries(0)
                    .logExhausted(false)
                .end()
                .to(config.direct(CHUNK_PUT));

        from(config.direct(CHUNK_AGAIN))
                .routeId(config.id(CHUNK_AGAIN))
                .routeDescription("Sends one chunk of a completed document again to repair it; the body is its row")
                .streamCache(false)
                .process(ChunkRoutes::describeAgain)
                .doTry()
                    .to(config.direct(CHUNK_ATTEMPTS))
                .doFinally()
                    .process(ObjectPut::release)
                .end();

        // toD: a plain to() checks the bucket when the context starts, which then needs a reachable server.
        from(config.direct(CHUNK_PUT))
                .routeId(config.id(CHUNK_PUT))
                .routeDescription("Attempts once to write one object")
                .streamCache(false)
                .doTry()
                    .process(attempt::begin)
                    .toD(s3(config, ""))
                    .process(attempt::sent)
                .doCatch(Exception.class)
                    .process(attempt::failed)
                .doFinally()
                    .process(attempt::end)
                .end();
    }

    private void verify(Bucket bucket, ExecutorService pool) {
        Parallel requests = new Parallel(pool, config.documents().chunk().parallelism());
        VerifyChunks verify = new VerifyChunks(config, bucket, sealing, requests);
        from(config.direct(VERIFY))
                .routeId(config.id(VERIFY))
                .routeDescription("Checks that journal, bucket and source agree before any other store is written")
                .process(exchange -> verify.verify(exchange.getProperty(ExchangeKeys.RUN, Run.class)));

        from(config.direct(store(UPLOAD, COUNT)))
                .routeId(config.id(store(UPLOAD, COUNT)))
                .routeDescription("Lists the chunk keys of a saga in the bucket")
                .process(exchange -> exchange.getMessage().setBody(verify.count(facts(exchange))));

        from(config.direct(MANIFEST))
                .routeId(config.id(MANIFEST))
                .routeDescription("Writes manifest.json next to the chunks")
                .streamCache(false)
                .setProperty(BODY, body())
                .process(this::describeManifest)
                .to(config.direct(CHUNK_ATTEMPTS))
                .setBody(exchangeProperty(BODY))
                .removeProperty(BODY);

        from(config.direct(MANIFEST_AGAIN))
                .routeId(config.id(MANIFEST_AGAIN))
                .routeDescription("Writes the manifest of a completed document again from the journal")
                .streamCache(false)
                .process(this::describeManifest)
                .to(config.direct(CHUNK_ATTEMPTS));
    }

    private void content() {
        ChunkStore store = new ChunkStore(config, s3, sealing);
        from(config.direct(CONTENT))
                .routeId(config.id(CONTENT))
                .routeDescription("The verified bytes of the document as a stream, for the route of a store")
                .streamCache(false)
                .process(exchange -> exchange.getMessage().setBody(content(store, exchange)));
    }

    private static InputStream content(ChunkStore store, Exchange exchange) {
        Run run = exchange.getProperty(ExchangeKeys.RUN, Run.class);
        Document document = run.document();
        List<ChunkRow> rows = run.chunks();
        VerifyChunks.checkOrder(document, rows);
        return rows.isEmpty()
                ? InputStream.nullInputStream()
                : store.in(document.bucket()).content(document, rows, 0, document.sizeBytes());
    }

    private void compensate(Bucket bucket, ExecutorService pool) {
        CompensateUpload compensation = new CompensateUpload(
                config, bucket, new Parallel(pool, config.documents().chunk().parallelism()), getContext());
        from(config.direct(store(UPLOAD, COMPENSATE)))
                .routeId(config.id(store(UPLOAD, COMPENSATE)))
                .routeDescription("Deletes all objects of a saga; the body becomes the keys that remain")
                .process(exchange -> {
                    CompensateUpload.Remainder remainder = compensation.compensate(facts(exchange));
                    exchange.getMessage().setBody(remainder.keys());
                    remainder.error()
                            .ifPresent(error -> exchange.getMessage().setHeader(ExchangeKeys.RESIDUE_REASON, error));
                });
    }

    private void complete(Map<BucketLocation, BucketOwner> owners) {
        from(config.direct(store(UPLOAD, COMPLETE)))
                .routeId(config.id(store(UPLOAD, COMPLETE)))
                .routeDescription("Claims the bucket for this journal when the first document completes")
                .process(exchange -> owners
                        .computeIfAbsent(
                                SagaPrefix.location(config, facts(exchange)),
                                location -> new BucketOwner(s3, location))
                        .claim(epoch.get()));
    }

    private static void describeAgain(Exchange exchange) {
        Upload upload = new Upload(exchange.getProperty(ExchangeKeys.RUN, Run.class), false);
        ObjectPut.chunk(upload, exchange.getMessage().getBody(ChunkRow.class)).attach(exchange);
    }

    private static Map<?, ?> facts(Exchange exchange) {
        return exchange.getMessage().getBody(Map.class);
    }

    private void describeManifest(Exchange exchange) {
        Upload upload = new Upload(exchange.getProperty(ExchangeKeys.RUN, Run.class), false);
        Document document = upload.document();
        List<ChunkRow> rows = upload.run().chunks();
        Manifest manifest = Manifest.of(document, rows, upload.run().warnings());
        boolean encrypted = sealing.encrypts()
                || rows.stream().flatMap(row -> row.storedForm().stream()).anyMatch(StoredForm::isEncrypted);
        byte[] json = encrypted
                ? ManifestEnvelope.of(manifest, ChunkSealer.of(sealing, document)).json()
                : manifest.json();
        ObjectPut.object(upload, new ObjectPut.ObjectDescription(
                        "the manifest", document.keyPrefix() + ChunkKeys.MANIFEST, json.length, Sha256.of(json), json))
                .attach(exchange);
    }

    /** Rethrows the failure of the first chunk: the splitter wraps it, or fails itself afterwards. */
    private static void rethrowFirstFailure(Exchange exchange) throws Exception {
        Exception caught = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        Exception first = Upload.of(exchange).failure().orElse(caught);
        throw UploadFailures.find(first, SagaException.class).map(Exception.class::cast).orElse(first);
    }

    private void addConverter() {
        TypeConverter converter = new TypeConverterSupport() {
            @Override
            public <T> T convertTo(Class<T> type, Exchange exchange, Object value) {
                try {
                    return type.cast(value instanceof FileRegion region ? region.open() : ((SealedChunk) value).open());
                } catch (IOException e) {
                    throw new TypeConversionException(value, type, e);
                }
            }
        };
        getContext().getTypeConverterRegistry().addTypeConverter(InputStream.class, FileRegion.class, converter);
        getContext().getTypeConverterRegistry().addTypeConverter(InputStream.class, SealedChunk.class, converter);
    }
}

package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.BucketLocation;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.LoggingLevel;
import org.apache.camel.TypeConversionException;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.support.TypeConverterSupport;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The steps on the object store: {@code store-upload}, its compensation and count, {@code verify} and {@code manifest}.
 *
 * <p>Upload, verify and manifest need the {@link Run} in its property and leave the body alone. A failure is the exchange's
 * exception, a {@link SagaException}, never handled. When upload has failed, other chunks may still be on their way: their
 * permits show them.
 */
public final class ChunkRoutes extends RouteBuilder {
    /** Exchange property with the {@code Digests} of the pass over the source; without it upload takes its own. */
    public static final String DIGESTS = "SagaDigests";

    /**
     * Exchange property, a Boolean: the digests are not of this run, so what the bucket has already is compared with the source; what
     * this run sends the bucket compares.
     */
    public static final String DIGESTS_OF_EARLIER_RUN = "SagaDigestsOfEarlierRun";

    /** Header of a compensation's answer: why something is left, in words, as far as the store said. */
    public static final String LEFT_BECAUSE = "SagaLeftBecause";

    private static final String BODY = "SagaManifestBody";

    private final SagaConfig config;
    private final S3Client s3;
    private final Supplier<String> epoch;

    /** As below, without a mark of the owner in the bucket. */
    public ChunkRoutes(SagaConfig config, S3Client s3) {
        this(config, s3, () -> "");
    }

    /**
     * @param s3 bound as bean {@code <name>-s3-client}; stays the caller's to close
     * @param epoch of the journal that owns what is written; empty: the bucket is not marked as anybody's
     */
    public ChunkRoutes(SagaConfig config, S3Client s3, Supplier<String> epoch) {
        this.config = config;
        this.s3 = s3;
        this.epoch = epoch;
    }

    /** The component's endpoint, with the shared client. */
    static String s3(SagaConfig config, String options) {
        return "aws2-s3:" + config.s3().bucket() + "?amazonS3Client=#" + config.id("s3-client")
                + (options.isEmpty() ? "" : "&" + options);
    }

    @Override
    public void configure() {
        getContext().getRegistry().bind(config.id("s3-client"), S3Client.class, s3);
        addConverter();
        Bucket bucket = new Bucket(s3, config.s3().bucket());
        ExecutorService pool = threads();
        errorHandler(noErrorHandler());
        upload(new PlanUpload(bucket, config.s3().timeout(), config.chunk().parallelism()), pool);
        put(new ChunkAttempt(new UploadFailures(config), config.chunk().retryDelay()));
        verify(bucket, pool);
        compensate(bucket, pool);
        complete(new ConcurrentHashMap<>());
    }

    /**
     * As many as there is work for: {@link InFlight} holds each saga to {@code saga.chunk.parallelism} of them and one for the splitter
     * that reads its plan, so none waits for another saga's. No task may be run by the thread that hands it out: the splitter would go a
     * few calls deeper with each chunk, and hand out nothing while that thread sends. What is handed out while the context stops is
     * dropped; the next start resumes the saga.
     */
    private ExecutorService threads() {
        return getContext().getExecutorServiceManager().newCachedThreadPool(this, config.id("chunk"));
    }

    private void upload(PlanUpload plan, ExecutorService pool) {
        from(config.direct("store-upload"))
                .routeId(config.id("store-upload"))
                .routeDescription("Plans the chunks in the journal and sends them, several at a time")
                .process(plan::plan)
                .doTry()
                .split(exchangeProperty(PlanUpload.CHUNKS))
                .streaming()
                .parallelProcessing()
                .executorService(pool)
                .stopOnException()
                // Should a chunk's exchange be lost, nobody is to wait for it longer than for the saga itself.
                .timeout(config.timeLimit().toMillis())
                .doTry()
                .to(config.direct("chunk"))
                .doCatch(Exception.class)
                .process(plan::failed)
                .doFinally()
                .process(exchange -> Upload.of(exchange).arrived())
                .end()
                .end()
                .process(exchange -> Upload.of(exchange).requireAllSent())
                .endDoTry()
                .doCatch(Exception.class)
                .process(ChunkRoutes::explain)
                .end();

        from(config.direct("chunk"))
                .routeId(config.id("chunk"))
                .routeDescription("One chunk, unless the bucket confirms that an earlier run sent it")
                .streamCache(false)
                .process(plan::describe)
                .filter(exchange -> !plan.isStored(exchange))
                .to(config.direct("chunk-attempts"))
                .end();
    }

    private void put(ChunkAttempt attempt) {
        from(config.direct("chunk-attempts"))
                .routeId(config.id("chunk-attempts"))
                .routeDescription("Tries one object again, as often as configured")
                .streamCache(false)
                .errorHandler(defaultErrorHandler()
                        .maximumRedeliveries(config.chunk().attempts() - 1)
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
                .to(config.direct("chunk-put"));

        from(config.direct("chunk-again"))
                .routeId(config.id("chunk-again"))
                .routeDescription("Sends one chunk of a completed document again, to repair it; the body is its row")
                .streamCache(false)
                .process(ChunkRoutes::describeAgain)
                .to(config.direct("chunk-attempts"));

        // toD: a plain to() asks for the bucket when the context starts, which then needs a reachable server.
        from(config.direct("chunk-put"))
                .routeId(config.id("chunk-put"))
                .routeDescription("One attempt to write one object")
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
        VerifyChunks verify = new VerifyChunks(config, bucket, new Parallel(pool, config.chunk().parallelism()));
        from(config.direct("verify"))
                .routeId(config.id("verify"))
                .routeDescription("The gate: journal, bucket and source must agree before any other store is touched")
                .process(exchange -> verify.verify(exchange.getProperty(Run.PROPERTY, Run.class)));

        from(config.direct("store-upload-count"))
                .routeId(config.id("store-upload-count"))
                .routeDescription("Chunk keys that the bucket holds for a saga")
                .process(exchange -> exchange.getMessage().setBody(verify.count(facts(exchange))));

        from(config.direct("manifest"))
                .routeId(config.id("manifest"))
                .routeDescription("Writes manifest.json beside the chunks")
                .streamCache(false)
                .setProperty(BODY, body())
                .process(ChunkRoutes::lookAtSource)
                .process(ChunkRoutes::describeManifest)
                .to(config.direct("chunk-attempts"))
                .setBody(exchangeProperty(BODY))
                .removeProperty(BODY);

        from(config.direct("manifest-again"))
                .routeId(config.id("manifest-again"))
                .routeDescription("Writes the manifest of a completed document again, from the journal alone")
                .streamCache(false)
                .process(ChunkRoutes::describeManifest)
                .to(config.direct("chunk-attempts"));
    }

    private void compensate(Bucket bucket, ExecutorService pool) {
        CompensateUpload compensation = new CompensateUpload(
                config, bucket, new Parallel(pool, config.chunk().parallelism()), getContext());
        from(config.direct("store-upload-compensate"))
                .routeId(config.id("store-upload-compensate"))
                .routeDescription("Removes all objects of a saga; the body becomes the keys that are left")
                .process(exchange -> {
                    CompensateUpload.Remainder left = compensation.compensate(facts(exchange));
                    exchange.getMessage().setBody(left.keys());
                    left.error().ifPresent(error -> exchange.getMessage().setHeader(LEFT_BECAUSE, error));
                });
    }

    private void complete(Map<BucketLocation, BucketOwner> owners) {
        from(config.direct("store-upload-complete"))
                .routeId(config.id("store-upload-complete"))
                .routeDescription("With the first document that completes, the bucket becomes this journal's")
                .process(exchange -> owners
                        .computeIfAbsent(SagaPrefix.place(config, facts(exchange)), place -> new BucketOwner(s3, place)).claim(epoch.get()));
    }

    private static void describeAgain(Exchange exchange) {
        Upload upload = new Upload(exchange.getProperty(Run.PROPERTY, Run.class), false);
        ObjectPut.chunk(upload, exchange.getMessage().getBody(ChunkRow.class)).attach(exchange);
    }

    private static Map<?, ?> facts(Exchange exchange) {
        return exchange.getMessage().getBody(Map.class);
    }

    /** The last look: stores read the file after the gate, and what they read must be what the bucket holds. */
    private static void lookAtSource(Exchange exchange) {
        Run run = exchange.getProperty(Run.PROPERTY, Run.class);
        Document document = run.document();
        SourceFile.checkContent(document.path(), document.identity(), document.sha256(), run::check);
    }

    private static void describeManifest(Exchange exchange) {
        Upload upload = new Upload(exchange.getProperty(Run.PROPERTY, Run.class), false);
        Document document = upload.document();
        byte[] json = Manifest.of(document, upload.run().chunks()).json();
        ObjectPut.whole(upload, new ObjectPut.ObjectDescription(
                        "the manifest", document.keyPrefix() + ChunkKeys.MANIFEST, json.length, Sha256.of(json), json))
                .attach(exchange);
    }

    /** The splitter wraps a chunk's failure, or meets one of its own afterwards; the saga is to see why the first chunk failed. */
    private static void explain(Exchange exchange) throws Exception {
        Exception caught = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        Exception first = Upload.of(exchange).failure().orElse(caught);
        throw UploadFailures.find(first, SagaException.class).map(Exception.class::cast).orElse(first);
    }

    private void addConverter() {
        getContext().getTypeConverterRegistry().addTypeConverter(InputStream.class, FileRegion.class, new TypeConverterSupport() {
            @Override
            public <T> T convertTo(Class<T> type, Exchange exchange, Object value) {
                try {
                    return type.cast(((FileRegion) value).open());
                } catch (IOException e) {
                    throw new TypeConversionException(value, type, e);
                }
            }
        });
    }
}

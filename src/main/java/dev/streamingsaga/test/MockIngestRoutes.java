package dev.streamingsaga.test;

import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.ingest.IngestResultConverter;
import dev.streamingsaga.ingest.OutcomeCheck;
import dev.streamingsaga.ingest.SourcePaths;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;

/** Replaces an instance in a test: {@code direct:<name>-ingest} replies with the outcomes that the test sets, and
 * stores nothing. It accepts the same bodies as the real route, changes only the body, and fails the exchange as
 * {@code <name>.hub.fail-on} and the exchange property {@code SagaFailOn} say. By default every file completes.
 * Thread-safe.
 */
public final class MockIngestRoutes extends RouteBuilder {
    private static final String CALL = "MockSagaCall";

    private final String name;
    private final Map<String, MockOutcome> byFileName = new ConcurrentHashMap<>();
    private final List<Path> files = new CopyOnWriteArrayList<>();
    private volatile MockOutcome defaultOutcome = MockOutcome.completed();

    /** For {@code direct:saga-ingest}. */
    public MockIngestRoutes() {
        this("saga");
    }

    /** @param name of the instance */
    public MockIngestRoutes(String name) {
        this.name = name;
    }

    /** Sets the outcome for every file that has none of its own. */
    public MockIngestRoutes answer(MockOutcome outcome) {
        defaultOutcome = outcome;
        return this;
    }

    /**
     * Sets the outcome for one file.
     *
     * @param fileName last part of the path
     */
    public MockIngestRoutes answer(String fileName, MockOutcome outcome) {
        byFileName.put(fileName, outcome);
        return this;
    }

    /** The received files, oldest first, as the real route would open them. */
    public List<Path> files() {
        return List.copyOf(files);
    }

    @Override
    public void configure() {
        IngestResultConverter.register(getContext().getTypeConverterRegistry());
        String failOn = getContext().resolvePropertyPlaceholders("{{" + name + ".hub.fail-on:never}}");
        OutcomeCheck check = new OutcomeCheck(FailOn.of(failOn));
        from("direct:" + name + "-ingest").routeId(name + "-ingest").group("ingest")
                .errorHandler(noErrorHandler())
                .description("A mock: replies with the outcome that the test set")
                .process(check::of)
                .process(this::receive)
                .delay().exchange(exchange -> exchange.getProperty(CALL, Call.class).outcome().delay().toMillis())
                .process(this::answer)
                .process(check::check);
    }

    private record Call(Path file, MockOutcome outcome) {}

    private void receive(Exchange exchange) {
        Path file = SourcePaths.of(exchange.getMessage().getBody());
        files.add(file);
        MockOutcome outcome = byFileName.getOrDefault(String.valueOf(file.getFileName()), defaultOutcome);
        exchange.setProperty(CALL, new Call(file, outcome));
    }

    private void answer(Exchange exchange) throws Exception {
        Call call = (Call) exchange.removeProperty(CALL);
        exchange.getMessage().setBody(call.outcome().result().forFile(call.file().toString()));
    }
}

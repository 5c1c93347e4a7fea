package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.content.Resumption;
import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.TextOutcome;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of the vector route: turn a file into batches of rows and write those that are not stored yet. */
final class SegmentWriter {
    private static final Logger log = LoggerFactory.getLogger(SegmentWriter.class);

    /** Model of a document without text, and so without vectors. */
    private static final String NO_MODEL = "none";

    private final StoreDatabase db;
    private final DocumentContent content;
    private final OutlineCache outlines;
    private final BatchSender batches;

    SegmentWriter(StoreDatabase db, DocumentContent content, OutlineCache outlines, ProducerTemplate template) {
        this.db = db;
        this.content = content;
        this.outlines = outlines;
        this.batches = new BatchSender(template, db.direct(RouteNames.BATCH));
    }

    /**
     * Loads the model before the first statement, since the first load takes a second. Skips it for a document without
     * text.
     */
    void addModel(Exchange exchange) {
        Map<String, Object> facts = StoreSteps.facts(exchange);
        facts.put(
                "fileKey",
                SearchQuery.fileKey(StoreSteps.run(exchange).document().fileName()));
        if (!content.hasText(StoreSteps.run(exchange).document().contentType())) {
            facts.put("model", NO_MODEL);
            facts.put("dimension", 1);
            facts.put("segmentation", NO_MODEL);
            return;
        }
        Embedder model = content.embedder();
        facts.put("model", model.modelId());
        facts.put("dimension", model.dimension());
        facts.put("segmentation", content.segmentation());
    }

    /**
     * Decides about the segments of an earlier run: they are continued if they were split in the same way, and kept if
     * they are complete. Otherwise the text is read from its beginning, and the journal forgets the result of the
     * earlier reading first: after a crash in between, the next run comes to the same decision.
     */
    void compareSegmentation(Exchange exchange) {
        Run run = StoreSteps.run(exchange);
        Map<String, Object> facts = StoreSteps.facts(exchange);
        List<EarlierSegments> earlier = db.queries()
                .query(
                        "select segmentation, model, dimension, visible = 1 or word_format > 0 from vector_document"
                                + " where saga_id = ?",
                        (row, number) -> new EarlierSegments(
                                row.getString(1), row.getString(2), row.getInt(3), row.getBoolean(4)),
                        run.sagaId());
        Optional<TextOutcome> known = run.textOutcome();
        boolean same =
                earlier.stream().anyMatch(segments -> segments.segmentation().equals(facts.get("segmentation")));
        boolean complete = earlier.stream().anyMatch(segments -> segments.canBeKept(facts))
                && known.filter(outcome -> StoreSteps.queryResult(exchange) >= outcome.segments())
                        .isPresent();
        // Whoever repairs a store that has lost the document does not know how its text was split.
        boolean readAgain = earlier.isEmpty() ? run.isRepair() : !same && !complete;
        if (readAgain && known.isPresent()) {
            log.info(
                    "saga {} reads the text of its document again: it was split into segments with other settings, or"
                            + " by another version",
                    run.sagaId());
            run.forgetText();
        }
        facts.put("keep", complete ? 1 : 0);
    }

    private record EarlierSegments(String segmentation, String model, int dimension, boolean hasWords) {
        boolean canBeKept(Map<String, Object> facts) {
            return hasWords && model.equals(facts.get("model")) && Objects.equals(facts.get("dimension"), dimension);
        }
    }

    /** Starts at the ordinal that the last {@link StoreDatabase#query} returned. */
    void writeAll(Exchange exchange) {
        Run run = StoreSteps.run(exchange);
        Map<String, Object> facts = StoreSteps.facts(exchange);
        int firstOrdinal = Math.toIntExact(StoreSteps.queryResult(exchange));
        Optional<Outline> known = OutlineCache.journaled(run);
        Outline outline = known.filter(earlier -> firstOrdinal >= earlier.segments())
                .orElseGet(() -> read(run, known, firstOrdinal, facts));
        outlines.remember(run, outline);
        facts.put("pages", outline.pages());
        facts.put("segments", outline.segments());
        // After a reading that came less far than an earlier one.
        facts.put("end", outline.cutAfter().isPresent() ? outline.segments() : Integer.MAX_VALUE);
        facts.put("sketchBytes", VectorSketch.size((int) Objects.requireNonNull(facts.get("dimension"))));
    }

    private Outline read(Run run, Optional<Outline> known, int firstOrdinal, Map<String, Object> facts) {
        TextProgress progress = new TextProgress(run, known);
        content.embed(
                outlines.source(run),
                run.document().contentType(),
                new Resumption(
                        firstOrdinal,
                        known.stream()
                                .flatMapToLong(earlier -> earlier.cutAfter().stream())
                                .findFirst()
                                .orElse(Long.MAX_VALUE)),
                batch -> batches.send(
                        run, batch.stream().map(segment -> row(segment, facts)).toList()),
                progress);
        return progress.outline();
    }

    /** Decides by the first stored segments. */
    void addLanguage(Exchange exchange) {
        Map<String, Object> facts = StoreSteps.facts(exchange);
        facts.put(
                "language",
                DocumentLanguage.of(
                        db.queries(), content, StoreSteps.run(exchange).sagaId()));
    }

    /** Last step of the write: compares the number of stored vectors with the outline. */
    static void requireAll(Exchange exchange) {
        Map<String, Object> facts = StoreSteps.facts(exchange);
        long stored = StoreSteps.queryResult(exchange);
        long expected = ((Number) Objects.requireNonNull(facts.get("segments"))).longValue();
        if (stored != expected) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "the vector store holds " + stored + " segments of saga " + facts.get(DocumentFacts.SAGA_ID)
                            + ", the document has " + expected + "; compensating");
        }
        exchange.getMessage().setHeader(ExchangeKeys.EXPECTED, expected);
    }

    /**
     * Returns the row of an SQLite batch with its sketches.
     *
     * @param batch rows of {@link #row}
     */
    static List<Map<String, Object>> sketches(List<?> batch) {
        Map<?, ?> first = (Map<?, ?>) batch.get(0);
        int dimension = (int) value(first, "dimension");
        ByteBuffer sketches = VectorSketch.buffer(batch.size(), dimension);
        float[] vector = new float[dimension];
        for (Object row : batch) {
            Map<?, ?> values = (Map<?, ?>) row;
            VectorFormat.read((byte[]) value(values, "embedding"), vector, 0);
            VectorSketch.put((int) value(values, "ordinal"), vector, sketches);
        }
        return List.of(Map.of(
                "sagaId", value(first, "sagaId"),
                "firstOrdinal", value(first, "ordinal"),
                "sketches", VectorSketch.bytes(sketches)));
    }

    private static Object value(Map<?, ?> row, String column) {
        return Objects.requireNonNull(row.get(column), column);
    }

    void forget(Exchange exchange) {
        outlines.forget(exchange);
    }

    private Map<String, Object> row(EmbeddedSegment embedded, Map<String, Object> facts) {
        int dimension = (int) Objects.requireNonNull(facts.get("dimension"));
        if (embedded.vector().length != dimension) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "model " + facts.get("model") + " returned for segment "
                            + embedded.segment().ordinal() + " of saga " + facts.get(DocumentFacts.SAGA_ID)
                            + " a vector of "
                            + embedded.vector().length + " numbers instead of " + dimension + "; compensating");
        }
        Map<String, Object> row = new LinkedHashMap<>();
        for (String key : List.of("sagaId", "documentId", "run", "model", "dimension")) {
            row.put(key, facts.get(key));
        }
        row.put("page", embedded.segment().page());
        row.put("ordinal", embedded.segment().ordinal());
        row.put("part", DatabaseText.of(embedded.segment().part()));
        row.put("partPage", embedded.segment().partPage());
        String text = DatabaseText.of(embedded.segment().text());
        row.put("text", text);
        WordIndex words = WordIndex.of(text, db.dialect());
        row.put("words", words.words());
        row.put("parts", words.parts());
        row.put("embedding", VectorFormat.encode(embedded.vector(), db.dialect()));
        return row;
    }
}

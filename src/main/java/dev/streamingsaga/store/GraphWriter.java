package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.StoreNames;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/** The step of the graph route that turns an outline into batches of nodes and edges. */
final class GraphWriter {
    private final OutlineCache outlines;
    private final BatchSender batches;

    GraphWriter(StoreRouteIds ids, OutlineCache outlines, ProducerTemplate template) {
        this.outlines = outlines;
        this.batches = new BatchSender(template, ids.direct(RouteNames.BATCH));
    }

    void writeAll(Exchange exchange) {
        Run run = StoreSteps.run(exchange);
        Document document = run.document();
        Outline outline = outlines.of(run);
        GraphBatch batch = new GraphBatch(document.sagaId(), document.documentId(), run.number());
        batch.document(outline.title().isBlank() ? document.fileName() : outline.title());
        int ordinal = 0;
        for (int page = 1; page <= outline.segmentsPerPage().size(); page++) {
            int end = ordinal + outline.segmentsPerPage().get(page - 1);
            if (end == ordinal) {
                continue; // a page without text, such as a scanned one
            }
            batch = sendIfFull(run, batch);
            batch.page(page);
            for (; ordinal < end; ordinal++) {
                batch = sendIfFull(run, batch);
                batch.segment(page, ordinal);
            }
            run.progress(StoreNames.GRAPH, ordinal, outline.segments(), "segments");
        }
        batches.send(run, batch);
        // One node for the document, one for each page with text and each segment.
        exchange.getMessage().setHeader(ExchangeKeys.EXPECTED, 1L + outline.pagesWithText() + outline.segments());
    }

    void forget(Exchange exchange) {
        outlines.forget(exchange);
    }

    private GraphBatch sendIfFull(Run run, GraphBatch batch) {
        if (!batch.isFull()) {
            return batch;
        }
        batches.send(run, batch);
        return batch.next();
    }
}

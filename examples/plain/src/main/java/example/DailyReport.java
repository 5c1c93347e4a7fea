package example;

import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.SagaOperator;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.CamelContext;

/** What an operator wants to know every morning; empty if all is well. */
final class DailyReport {
    private DailyReport() {}

    static List<String> of(CamelContext hub) {
        SagaOperator operator = hub.getRegistry().lookupByNameAndType("saga-bundle", StreamingSaga.class).operator();
        List<String> lines = new ArrayList<>();
        for (SagaRecord saga : operator.list(SagaQuery.ALL.needingAttention(), 100).sagas()) {
            lines.add(saga.sagaId() + " is " + saga.state() + ": " + saga.message());
        }
        for (CleanupEntry entry : operator.openCleanups()) {
            lines.add(entry.resource() + " could not be removed: " + entry.lastError());
        }
        for (SagaRecord document : operator.documents()) {
            operator.verify(document, false).forEach(drift -> lines.add(drift.resource() + " differs from the journal"));
        }
        return lines;
    }
}

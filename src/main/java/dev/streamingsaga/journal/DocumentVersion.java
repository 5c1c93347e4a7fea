package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A completed version of a document.
 *
 * @param number from 1, in the order in which the versions were received; numbers of failed sagas are given again if
 *     nothing newer was received meanwhile
 * @param saga that stored it
 */
@PublicApi
public record DocumentVersion(int number, SagaRecord saga, Status status) {
    /** Where a version can be found. */
    public enum Status {
        /** In every store; exactly one version of a document is current. */
        CURRENT,
        /** Replaced by a newer version, and kept: it can be fetched, but is not found by search. */
        KEPT,
        /** Replaced and removed. */
        REMOVED
    }

    /** For the API and the command line. */
    public Map<String, Object> facts() {
        Document document = saga.document().orElseThrow();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("number", number);
        facts.put("sagaId", saga.sagaId());
        facts.put("fileName", document.fileName());
        facts.put("contentType", document.contentType());
        facts.put("sizeBytes", document.sizeBytes());
        facts.put("sha256", document.sha256());
        facts.put("receivedAt", document.receivedAt().toString());
        facts.put("completedAt", saga.finishedAt().map(Instant::toString).orElse(""));
        facts.put("current", status == Status.CURRENT);
        facts.put("status", status.name());
        return facts;
    }
}

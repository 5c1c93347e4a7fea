package dev.streamingsaga.operations;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DocumentVersion;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which sagas exist for somebody: those whose document their limit permits. */
final class Visibility {
    private static final int MAX_VERSIONS = 10_000;

    private final Journal journal;
    private final AccessLimit limit;

    Visibility(Journal journal, AccessLimit limit) {
        this.journal = journal;
        this.limit = limit;
    }

    AccessLimit limit() {
        return limit;
    }

    boolean permits(String sagaId) {
        return limit.isUnlimited() || permitted(List.of(sagaId)).contains(sagaId);
    }

    private Set<String> permitted(Collection<String> sagaIds) {
        Map<String, SecurityLabel> labels = journal.labels().of(sagaIds);
        return labels.entrySet().stream()
                .filter(label -> limit.permits(label.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    Optional<SagaRecord> filter(Optional<SagaRecord> saga) {
        return saga.filter(found -> permits(found.sagaId()));
    }

    List<SagaRecord> sagas(List<SagaRecord> all) {
        if (limit.isUnlimited()) {
            return all;
        }
        Set<String> permitted = permitted(all.stream().map(SagaRecord::sagaId).toList());
        return all.stream().filter(saga -> permitted.contains(saga.sagaId())).toList();
    }

    List<CleanupEntry> entries(List<CleanupEntry> all) {
        if (limit.isUnlimited()) {
            return all;
        }
        Set<String> permitted =
                permitted(all.stream().map(CleanupEntry::sagaId).distinct().toList());
        return all.stream().filter(entry -> permitted.contains(entry.sagaId())).toList();
    }

    Optional<Deletion> deletion(Optional<Deletion> deletion) {
        return deletion.filter(found ->
                limit.isUnlimited() || found.versions().stream().allMatch(version -> permits(version.sagaId())));
    }

    List<DocumentVersion> versions(List<DocumentVersion> all) {
        return limit.isUnlimited()
                ? all
                : all.stream()
                        .filter(version -> permits(version.saga().sagaId()))
                        .toList();
    }

    /**
     * @throws UnknownDocumentException if the document, or one of its versions, is not permitted, whether or not there
     *     is such a document
     */
    void requireDocument(String documentId) {
        if (limit.isUnlimited()) {
            return;
        }
        List<DocumentVersion> all = journal.versions().of(documentId, Integer.MAX_VALUE, MAX_VERSIONS);
        boolean stored = filter(journal.sagas().ofDocument(documentId)).isPresent()
                || deletion(journal.deletions().ofDocument(documentId)).isPresent();
        if (!stored || versions(all).size() < all.size()) {
            throw new UnknownDocumentException(documentId);
        }
    }

    /** @throws LimitedAccessException if not all documents are permitted */
    void requireUnlimited(String what) {
        if (!limit.isUnlimited()) {
            throw new LimitedAccessException(what);
        }
    }
}

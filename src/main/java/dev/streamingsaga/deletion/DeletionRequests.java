package dev.streamingsaga.deletion;

import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionRepository.Answer;
import dev.streamingsaga.journal.DeletionRepository.NewDeletion;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.LegalHold;
import dev.streamingsaga.journal.SagaRecord;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Journals the intent to delete. Needs only the journal: a process that runs an instance on it deletes the document
 * within about a second; without such a process, the next one that starts. Every request of every caller passes through
 * {@link #request}.
 */
public final class DeletionRequests {
    private final Journal journal;
    private final List<DeletionVeto> vetoes;

    private DeletionRequests(Journal journal, List<DeletionVeto> vetoes) {
        this.journal = journal;
        this.vetoes = List.copyOf(vetoes);
    }

    /** With all that can forbid a deletion according to this journal. */
    public static DeletionRequests of(Journal journal) {
        return new DeletionRequests(journal, List.of(legalHold(journal)));
    }

    private static DeletionVeto legalHold(Journal journal) {
        return version -> journal.legalHolds()
                .covering(version.sagaId())
                .map(hold -> "legal hold " + hold.holdId() + " on "
                        + (hold.subject() == LegalHold.Subject.OWNER ? "its owner" : "it") + " forbids that ("
                        + hold.reason() + "); release the hold first");
    }

    /** As these, with one more reason to refuse. */
    public DeletionRequests with(DeletionVeto veto) {
        return new DeletionRequests(
                journal, Stream.concat(vetoes.stream(), Stream.of(veto)).toList());
    }

    /**
     * Journals the intent. From then on the document is visible nowhere, and its deletion cannot be stopped.
     *
     * @return the deletion; the former one if the document is deleted already
     * @throws DeletionRefusedException if there is no such document, a saga is storing it, or something forbids it
     */
    public Deletion request(DeletionRequest request) {
        Answer answer = journal.deletions()
                .request(
                        new NewDeletion(
                                request.documentId(), request.sagaId(), request.reason(), request.requestedBy()),
                        this::veto);
        return answer.deletion()
                .orElseThrow(() ->
                        new DeletionRefusedException(request, answer.refusal().orElseThrow(), answer.detail()));
    }

    private Optional<String> veto(SagaRecord version) {
        return vetoes.stream()
                .map(veto -> veto.against(version))
                .flatMap(Optional::stream)
                .findFirst();
    }
}

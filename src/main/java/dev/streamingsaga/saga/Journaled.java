package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Note;
import dev.streamingsaga.journal.SagaRecord;
import java.util.ArrayList;
import java.util.List;

/** The alerts of one transaction of the journal: worded inside it, told after it. Used by one thread. */
final class Journaled implements Note.OnResidue {
    private final Alerts alerts;
    private final SagaRecord saga;
    private final List<Note> notes = new ArrayList<>();

    Journaled(Alerts alerts, SagaRecord saga) {
        this.alerts = alerts;
        this.saga = saga;
    }

    @Override
    public List<Note> about(List<CleanupEntry> open) {
        return add(alerts.residue(saga, open));
    }

    List<Note> add(List<Note> worded) {
        notes.addAll(worded);
        return worded;
    }

    void tell() {
        alerts.tell(saga.sagaId(), notes);
    }
}

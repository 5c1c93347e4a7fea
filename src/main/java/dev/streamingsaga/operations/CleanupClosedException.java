package dev.streamingsaga.operations;

import dev.streamingsaga.journal.CleanupEntry;

/** A clean-up entry is closed already. */
public final class CleanupClosedException extends OperationException {
    private final CleanupEntry entry;

    CleanupClosedException(CleanupEntry entry) {
        super("the clean-up entry is already " + entry.state() + "; nothing was done");
        this.entry = entry;
    }

    public CleanupEntry entry() {
        return entry;
    }
}

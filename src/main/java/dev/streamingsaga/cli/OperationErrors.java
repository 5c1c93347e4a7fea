package dev.streamingsaga.cli;

import dev.streamingsaga.operations.CleanupClosedException;
import dev.streamingsaga.operations.NoReceiptException;
import dev.streamingsaga.operations.OperationException;
import dev.streamingsaga.operations.UnknownCleanupException;
import dev.streamingsaga.operations.UnknownDocumentException;
import dev.streamingsaga.operations.UnknownHoldException;
import dev.streamingsaga.operations.UnknownSagaException;
import dev.streamingsaga.operations.UnknownVersionException;
import dev.streamingsaga.operations.WrongStateException;

/** Words operations that were refused for people at a terminal. */
final class OperationErrors {
    private OperationErrors() {}

    static String text(OperationException refused) {
        if (refused instanceof UnknownSagaException || refused instanceof UnknownDocumentException) {
            return refused.getMessage() + "; list shows them";
        }
        if (refused instanceof UnknownHoldException) {
            return refused.getMessage() + "; hold list shows them";
        }
        if (refused instanceof UnknownVersionException) {
            return refused.getMessage() + "; versions lists them";
        }
        if (refused instanceof NoReceiptException) {
            return refused.getMessage()
                    + "; saga.receipts=on issues receipts, also for documents that are stored already";
        }
        if (refused instanceof WrongStateException state) {
            return "saga " + state.sagaId() + " is already " + state.state();
        }
        if (refused instanceof UnknownCleanupException unknown) {
            return noOpenCleanup(unknown.cleanupId());
        }
        if (refused instanceof CleanupClosedException closed) {
            return noOpenCleanup(closed.entry().cleanupId());
        }
        return String.valueOf(refused.getMessage());
    }

    private static String noOpenCleanup(String cleanupId) {
        return "no open clean-up entry " + cleanupId + "; cleanups lists them";
    }
}

package dev.streamingsaga;

import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.operations.OperatorComponents;
import dev.streamingsaga.receipt.Receipts;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Orphans;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.saga.SagaEngine;

/** The components of an open instance, for tests that look inside. */
public final class Internals {
    private Internals() {}

    private static OperatorComponents parts(StreamingSaga bundle) {
        return bundle.components().parts();
    }

    public static Journal journal(StreamingSaga bundle) {
        return parts(bundle).journal();
    }

    public static Runs runs(StreamingSaga bundle) {
        return parts(bundle).runs();
    }

    public static Ingest ingest(StreamingSaga bundle) {
        return parts(bundle).ingest();
    }

    public static SagaEngine engine(StreamingSaga bundle) {
        return parts(bundle).engine();
    }

    public static Recovery recovery(StreamingSaga bundle) {
        return parts(bundle).recovery();
    }

    public static Receipts receipts(StreamingSaga bundle) {
        return bundle.components().receipts();
    }

    public static Orphans orphans(StreamingSaga bundle) {
        return parts(bundle).storage().orphans();
    }

    public static DocumentCheck documentCheck(StreamingSaga bundle) {
        return parts(bundle).storage().documentCheck();
    }
}

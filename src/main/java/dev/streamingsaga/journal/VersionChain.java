package dev.streamingsaga.journal;

import java.util.Optional;

/** Identifies the source of a document whatever its content is, so that its versions form one chain. */
public final class VersionChain {
    private VersionChain() {}

    /** The path of a file; for a received body its sender and its name. */
    public static String of(SagaRecord saga) {
        String path = saga.source().toString();
        boolean isBody = path.isEmpty() || saga.origin().isBody(saga.source());
        Optional<String> sender = saga.sender().filter(known -> isBody);
        return sender.map(known -> "body:" + Ids.sha256(known + "\n" + saga.fileName()))
                .orElseGet(() -> saga.origin().key());
    }
}

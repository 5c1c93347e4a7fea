package dev.streamingsaga.journal;

import dev.streamingsaga.access.Access;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What is known about a file when its saga is registered.
 *
 * @param source absolute path
 * @param origin what the source is, and whose disk holds it
 * @param fileName for display only
 * @param participants stores after the verify gate, in order
 * @param exclusive return the unfinished saga that has claimed the source, if there is one, instead of a new one
 * @param once the file's identity as it was seen; return the source's newest saga also if it has ended and was for the
 *     same identity
 * @param request identifies the request, if it may be repeated after a crash
 * @param sender who sent the body that the source holds; empty for a file on disk
 * @param delivery how the document was delivered
 * @param access who delivered it
 */
public record NewSaga(
        Path source,
        Origin origin,
        String fileName,
        List<String> participants,
        Duration timeLimit,
        String owner,
        String classification,
        String keyId,
        boolean exclusive,
        Optional<SourceIdentity> once,
        Optional<String> request,
        Optional<String> sender,
        DeliveryRequest delivery,
        Access access) {

    /** A file on disk. */
    public NewSaga(
            Path source,
            String fileName,
            List<String> participants,
            Duration timeLimit,
            String owner,
            String classification,
            String keyId,
            boolean exclusive,
            Optional<SourceIdentity> once,
            Optional<String> request) {
        this(
                source,
                new Origin(source.toString(), "", once),
                fileName,
                participants,
                timeLimit,
                owner,
                classification,
                keyId,
                exclusive,
                once,
                request,
                Optional.empty(),
                DeliveryRequest.NONE,
                Access.HUB);
    }

    /** A file on disk, named like its source. */
    public NewSaga(
            Path source,
            List<String> participants,
            Duration timeLimit,
            String owner,
            String classification,
            String keyId,
            boolean exclusive) {
        this(
                source,
                String.valueOf(source.getFileName()),
                participants,
                timeLimit,
                owner,
                classification,
                keyId,
                exclusive,
                Optional.empty(),
                Optional.empty());
    }
}

package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What is known when a file arrives.
 *
 * @param source absolute path
 * @param fileName for people only
 * @param participants stores after the verify gate, in order
 * @param exclusive refuse if an unfinished saga holds the source
 * @param once the file as it was seen; refuse too if the source's newest saga has its outcome and was about just that
 * @param request what asked for it, if that may ask again after a crash
 * @param sender who sent the body that is the source, and its name; empty for a file on disk
 */
public record NewSaga(
        Path source,
        String fileName,
        List<String> participants,
        Duration timeLimit,
        String owner,
        String classification,
        String keyId,
        boolean exclusive,
        Optional<SourceIdentity> once,
        Optional<String> request,
        Optional<String> sender) {

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
                fileName,
                participants,
                timeLimit,
                owner,
                classification,
                keyId,
                exclusive,
                once,
                request,
                Optional.empty());
    }

    /** Named like its source. */
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

package dev.streamingsaga.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Where files come from. */
public record EndpointConfig(Http http, Drop drop, Jms jms, Hub hub) {

    /**
     * The HTTP API.
     *
     * @param enabled whether the service serves it; a hub adds its routes itself
     * @param host of the embedded server, which a hub does not have
     * @param port of the embedded server, 8480 by default; 0: a free one is chosen once and kept in the data directory
     * @param path prefix of every path; empty, or begins with a slash
     * @param roots folders in which {@code POST /api/documents} may name files; empty: nowhere
     */
    public record Http(
            boolean enabled,
            String host,
            int port,
            String path,
            List<Path> roots,
            HttpUploads uploads,
            HttpLimits limits,
            HttpAuth auth) {}

    /**
     * How bodies are received.
     *
     * @param expire time after which a body is given up if nothing more of it arrives
     * @param maxOpen incomplete resumable uploads of one sender
     */
    public record HttpUploads(Staging staging, Duration expire, int maxOpen) {}

    /** Where a body is kept until its saga has ended. */
    public enum Staging {
        /** On this host's disk, then chunk by chunk in the bucket. */
        SPOOL,
        /** Only in the bucket, while it arrives. */
        BUCKET
    }

    /**
     * @param uploads bodies received at a time
     * @param sagas accepted over HTTP that have not ended
     * @param downloads documents sent at a time
     * @param listeners listeners to {@code GET /api/events} at a time
     * @param idle longest pause of a client in the middle of a body
     * @param leastRate lowest average rate of a body, in bytes a second; a client may fall behind by {@code idle}. 0:
     *     no limit
     * @param connections to the embedded server
     */
    public record HttpLimits(
            int uploads,
            int sagas,
            int downloads,
            int listeners,
            Duration idle,
            long leastRate,
            HttpConnections connections) {}

    /**
     * Connections to the embedded HTTP server.
     *
     * @param max open at a time
     * @param head time for all headers of a request, from its first byte or from the start of the connection
     * @param keepAlive time from the end of a response to the next request
     */
    public record HttpConnections(int max, Duration head, Duration keepAlive) {}

    /**
     * Credentials: keys from a file, tokens of an OIDC provider, or both. Without any, only loopback is served.
     *
     * @param ownersClaim of tokens, limits to owners; empty: no limit
     * @param classificationClaim of tokens, limits to classifications; empty: no limit
     */
    public record HttpAuth(
            Optional<Path> keysFile,
            Optional<URI> oidcIssuer,
            String oidcAudience,
            Optional<URI> oidcJwksUrl,
            String ownersClaim,
            String classificationClaim) {
        public boolean isOff() {
            return keysFile.isEmpty() && oidcIssuer.isEmpty();
        }
    }

    /**
     * The drop folder.
     *
     * @param dir empty: no drop folder
     * @param doneFile name of the marker that says a file is complete, with {@code ${name}} in it; empty: a file is
     *     complete when it stops changing
     * @param stableFor time for which a file without a marker must not change
     * @param interval pause between two scans
     */
    public record Drop(
            Optional<Path> dir,
            String doneFile,
            Duration stableFor,
            Duration interval,
            boolean recursive,
            AfterDrop after,
            DropWriters writers,
            DropLimits limits) {}

    /** What to do with a dropped file when its saga has ended. */
    public enum AfterDrop {
        MOVE,
        KEEP
    }

    /**
     * Protection against files that are still being written.
     *
     * @param waitFor whether files that a process has open for writing are left alone
     * @param watchAfter time for which a file is checked for changes after its saga has ended; zero: never
     */
    public record DropWriters(boolean waitFor, Duration watchAfter) {}

    /**
     * Limits of the drop folder. Those of every ingestion endpoint apply too.
     *
     * @param types content types ({@code text/*} too) or suffixes ({@code .pdf}); empty: all
     * @param perMinute files taken in a minute; 0: no limit
     * @param ignore patterns of names to ignore, with {@code *} and {@code ?}
     */
    public record DropLimits(long maxSizeBytes, List<String> types, int perMinute, List<String> ignore) {}

    /**
     * Messages.
     *
     * @param embedded whether the application runs its own broker, in {@code DATA/broker}
     * @param port of that broker on loopback; 0: a free one is chosen once and kept in the data directory
     * @param url of an Artemis broker; empty: the connection factory comes from the registry, as in a hub
     * @param roots folders in which messages may name files; empty: nowhere
     * @param staging where the body of a bytes message is kept
     */
    public record Jms(
            boolean embedded,
            int port,
            String url,
            String user,
            String password,
            String queue,
            String deadLetterQueue,
            List<Path> roots,
            Staging staging) {
        public boolean isOn() {
            return embedded || !url.isEmpty();
        }
    }

    /** @param failOn which outcomes fail the exchange of a route that calls {@code direct:<name>-ingest} */
    public record Hub(FailOn failOn) {}
}

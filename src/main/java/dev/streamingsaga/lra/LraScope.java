package dev.streamingsaga.lra;

import java.net.URI;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which LRA ids are ours: those directly below our coordinator's URL. An LRA id is a URL that gets called, so anything
 * else is refused before a request is made.
 *
 * @param coordinator with its context path, without a slash at the end
 * @param former where the same coordinator was before its port was taken; LRAs from then still call back
 */
public record LraScope(URI coordinator, List<URI> former) {
    private static final int MAX_LENGTH = 512;
    private static final Pattern UID = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._:-]{0,127}");

    public LraScope {
        coordinator = bare(coordinator);
        former = former.stream().map(LraScope::bare).toList();
    }

    public static LraScope of(URI coordinator) {
        return new LraScope(coordinator, List.of());
    }

    /** An LRA that may be called: it lives at the coordinator's present URL. */
    boolean mayCall(String lraId) {
        return below(coordinator, lraId);
    }

    /** An LRA that may call back. */
    boolean mayCallBack(String lraId) {
        return mayCall(lraId) || former.stream().anyMatch(base -> below(base, lraId));
    }

    private static boolean below(URI base, String lraId) {
        String prefix = base + "/";
        return lraId.length() <= MAX_LENGTH
                && lraId.startsWith(prefix)
                && UID.matcher(lraId.substring(prefix.length())).matches();
    }

    private static URI bare(URI uri) {
        boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (!http
                || uri.getHost() == null
                || uri.getRawUserInfo() != null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "saga.coordinator.url must be http(s)://host[:port]/path without user, query or fragment");
        }
        return URI.create(uri.toString().replaceAll("/+$", ""));
    }
}

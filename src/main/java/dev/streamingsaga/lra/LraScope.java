package dev.streamingsaga.lra;

import java.net.URI;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Decides which LRA ids are accepted: those directly below the coordinator's URL. An LRA id is a URL that gets called,
 * so any other id is refused before a request is made.
 *
 * @param coordinator with its context path, without a trailing slash
 * @param former earlier URLs of the same coordinator, on other ports; LRAs begun there still call back
 */
public record LraScope(URI coordinator, List<URI> former) {
    private static final int MAX_LENGTH = 512;
    private static final Pattern UID = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._:-]{0,127}");

    public LraScope {
        coordinator = normalized(coordinator);
        former = former.stream().map(LraScope::normalized).toList();
    }

    public static LraScope of(URI coordinator) {
        return new LraScope(coordinator, List.of());
    }

    /** Whether the LRA may be called: it is below the current URL of the coordinator. */
    boolean mayCall(String lraId) {
        return isBelow(coordinator, lraId);
    }

    /** Whether the LRA may call back. */
    boolean mayCallBack(String lraId) {
        return mayCall(lraId) || former.stream().anyMatch(base -> isBelow(base, lraId));
    }

    private static boolean isBelow(URI base, String lraId) {
        String prefix = base + "/";
        return lraId.length() <= MAX_LENGTH
                && lraId.startsWith(prefix)
                && UID.matcher(lraId.substring(prefix.length())).matches();
    }

    private static URI normalized(URI uri) {
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

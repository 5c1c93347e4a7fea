package dev.streamingsaga.api;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Authenticates and authorizes requests. Without keys and tokens every user of this machine has access, but no page of
 * another site in their browser: neither with a form (foreign {@code Origin}) nor through DNS rebinding (foreign
 * {@code Host}).
 */
final class AccessControl {
    private static final String BEARER = "Bearer ";
    private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "[::1]");

    private final @Nullable ApiKeys keys;
    private final @Nullable OidcTokens tokens;

    AccessControl(Optional<ApiKeys> keys, Optional<OidcTokens> tokens) {
        this.keys = keys.orElse(null);
        this.tokens = tokens.orElse(null);
    }

    private boolean isOpen() {
        return keys == null && tokens == null;
    }

    /**
     * @param pageFile whether the request is for a file of the page, which is public and cannot be framed
     * @throws Problem 403 for a request that a page of another site made, unless it follows a link to our page
     */
    void requireOwnSite(HttpCall call, boolean pageFile) {
        String host = call.header("Host").orElse("").toLowerCase(Locale.ROOT);
        if (isOpen() && !(call.isLocal() && LOCAL.contains(host.replaceFirst(":\\d{1,5}$", "")))) {
            throw new Problem(
                    403,
                    "foreign-host",
                    "without keys or tokens only requests from this machine to localhost, 127.0.0.1 or [::1] are"
                            + " answered; set saga.http.keys-file or saga.http.oidc.issuer to admit others");
        }
        Optional<String> origin = call.header("Origin");
        boolean foreign = origin.isPresent() && !authority(origin.get()).equals(host)
                || is(call, "Sec-Fetch-Site", "cross-site") && !(pageFile && isNavigation(call));
        if (foreign) {
            throw new Problem(403, "foreign-origin", "the request comes from a page of another site; nothing was done");
        }
    }

    /** Whether the request navigates a whole window. Older browsers do not send {@code Sec-Fetch-Dest}. */
    private static boolean isNavigation(HttpCall call) {
        return Set.of("GET", "HEAD").contains(call.method())
                && is(call, "Sec-Fetch-Mode", "navigate")
                && call.header("Sec-Fetch-Dest").map("document"::equals).orElse(true);
    }

    private static boolean is(HttpCall call, String header, String value) {
        return call.header(header).filter(value::equals).isPresent();
    }

    private static String authority(String origin) {
        try {
            String authority = URI.create(origin).getRawAuthority();
            return authority == null ? "" : authority.toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /**
     * @param anyOf scopes of which the caller needs one; empty: no credentials are needed
     * @throws Problem 401 without valid credentials, 403 without the scope, 503 if the OpenID provider cannot be
     *     reached
     */
    Caller requireScope(HttpCall call, Set<Scope> anyOf) {
        if (isOpen() || anyOf.isEmpty()) {
            return Caller.ANONYMOUS;
        }
        Caller caller = caller(call);
        if (anyOf.stream().noneMatch(caller.scopes()::contains)) {
            String required = anyOf.stream().map(Scope::word).sorted().collect(Collectors.joining(" or "));
            List<String> granted =
                    caller.scopes().stream().map(Scope::word).sorted().toList();
            throw new Problem(
                            403,
                            "missing-scope",
                            RequestText.shown(caller.name()) + " lacks the scope " + required
                                    + "; use credentials that have it")
                    .header(
                            "WWW-Authenticate",
                            "Bearer realm=\"streaming-saga\", error=\"insufficient_scope\", scope=\""
                                    + anyOf.stream().map(Scope::word).sorted().collect(Collectors.joining(" ")) + "\"")
                    .with("scopes", granted);
        }
        return caller;
    }

    /** Whether the caller has the scope. Never throws a {@link Problem}. */
    boolean hasScope(HttpCall call, Scope scope) {
        try {
            return requireScope(call, Set.of(scope)).scopes().contains(scope);
        } catch (Problem e) {
            return false;
        }
    }

    private Caller caller(HttpCall call) {
        String authorization = call.header("Authorization").orElse("");
        if (!authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            throw unauthenticated(
                    "the request has no credentials; send Authorization: Bearer with an API key or a token");
        }
        String secret = authorization.substring(BEARER.length()).strip();
        Optional<Caller> known = keys == null ? Optional.empty() : keys.find(secret);
        if (known.isPresent()) {
            return known.get();
        }
        if (tokens == null || secret.startsWith(ApiKeys.PREFIX)) {
            throw unauthenticated("the API key is not known; create one with: saga key NAME --scope …");
        }
        return withOwnName(tokens.caller(secret));
    }

    /** Uploads belong to a name, whether it is that of a key or of a subject. */
    private Caller withOwnName(Caller subject) {
        if (keys != null && keys.hasName(subject.name())) {
            throw unauthenticated("the subject of the token, " + RequestText.shown(subject.name())
                    + ", is also the name of an API key; rename the key");
        }
        return subject;
    }

    static Problem unauthenticated(String detail) {
        return new Problem(401, "not-authenticated", detail)
                .header("WWW-Authenticate", "Bearer realm=\"streaming-saga\", error=\"invalid_token\"");
    }
}

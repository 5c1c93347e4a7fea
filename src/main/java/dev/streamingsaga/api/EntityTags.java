package dev.streamingsaga.api;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Conditions of a request on the entity tag of what it is about (RFC 9110, 13). A document's tag is its SHA-256:
 * strong, since equal tags mean equal bytes.
 *
 * @param any the condition was {@code *}
 * @param strong tags as they were sent, in quotes
 * @param weak those that were sent with {@code W/}, without it
 */
record EntityTags(boolean any, Set<String> strong, Set<String> weak) {
    private static final Pattern TAG = Pattern.compile("\\s*(W/)?(\"[\\x21\\x23-\\x7E\\x80-\\xFF]*\")\\s*(?:,|$)");

    static String of(String sha256) {
        return "\"" + sha256 + "\"";
    }

    /** @throws Problem 400 if it is neither {@code *} nor a list of tags */
    private static Optional<EntityTags> header(HttpCall call, String name) {
        Optional<String> value = call.list(name);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        if (value.get().strip().equals("*")) {
            return Optional.of(new EntityTags(true, Set.of(), Set.of()));
        }
        EntityTags tags = new EntityTags(false, new LinkedHashSet<>(), new LinkedHashSet<>());
        Matcher tag = TAG.matcher(value.get());
        int at = 0;
        while (at < value.get().length() && tag.find(at) && tag.start() == at) {
            (tag.group(1) == null ? tags.strong() : tags.weak()).add(tag.group(2));
            at = tag.end();
        }
        if (at == 0 || at < value.get().length()) {
            throw new Problem(
                    400,
                    "bad-condition",
                    name + " must be * or a list of entity tags in quotes, was " + RequestText.shown(value.get()));
        }
        return Optional.of(tags);
    }

    static boolean isConditional(HttpCall call) {
        return call.list("If-Match").isPresent() || call.list("If-None-Match").isPresent();
    }

    /**
     * {@code If-Match}.
     *
     * @param current tag of what is there; empty if nothing is
     * @throws Problem 412 if it is not what the client wants
     */
    static void requireMatch(HttpCall call, Optional<String> current) {
        Optional<EntityTags> wanted = header(call, "If-Match");
        if (wanted.isEmpty()) {
            return;
        }
        if (current.filter(tag -> wanted.get().any() || wanted.get().strong().contains(tag))
                .isEmpty()) {
            throw failed(current, "If-Match names " + (wanted.get().any() ? "any document" : "another document"));
        }
    }

    /** {@code If-None-Match}: whether what is there is one of what the client has already; tags are compared weakly. */
    static boolean isKnown(HttpCall call, Optional<String> current) {
        return header(call, "If-None-Match")
                .flatMap(known -> current.filter(tag -> known.any()
                        || known.strong().contains(tag)
                        || known.weak().contains(tag)))
                .isPresent();
    }

    static Problem failed(Optional<String> current, String why) {
        Problem problem = new Problem(
                412,
                "precondition-failed",
                why + ", but there is "
                        + current.map(tag -> "one with the entity tag " + tag).orElse("none") + "; nothing was done");
        return current.isPresent() ? problem.header("ETag", current.get()) : problem;
    }
}

package dev.streamingsaga.api;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The entity tags in a conditional header of a request (RFC 9110, section 13). The tag of a document is its SHA-256. It
 * is strong, since equal tags mean equal bytes.
 *
 * @param any whether the header is {@code *}
 * @param strong strong tags, in quotes
 * @param weak weak tags, in quotes, without {@code W/}
 */
record EntityTags(boolean any, Set<String> strong, Set<String> weak) {
    private static final Pattern TAG = Pattern.compile("\\s*(W/)?(\"[\\x21\\x23-\\x7E\\x80-\\xFF]*\")\\s*(?:,|$)");

    static String of(String sha256) {
        return "\"" + sha256 + "\"";
    }

    /** @throws Problem 400 if the header is neither {@code *} nor a list of tags */
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
     * Evaluates {@code If-Match}.
     *
     * @param current tag of the current document; empty if there is none
     * @throws Problem 412 if the condition fails
     */
    static void requireMatch(HttpCall call, Optional<String> current) {
        Optional<EntityTags> required = header(call, "If-Match");
        if (required.isEmpty()) {
            return;
        }
        if (current.filter(
                        tag -> required.get().any() || required.get().strong().contains(tag))
                .isEmpty()) {
            throw failed(current, "If-Match names " + (required.get().any() ? "any document" : "another document"));
        }
    }

    /** Evaluates {@code If-None-Match}: whether the client has the current document already. Compares tags weakly. */
    static boolean isKnown(HttpCall call, Optional<String> current) {
        return header(call, "If-None-Match")
                .flatMap(known -> current.filter(tag -> known.any()
                        || known.strong().contains(tag)
                        || known.weak().contains(tag)))
                .isPresent();
    }

    static Problem failed(Optional<String> current, String condition) {
        Problem problem = new Problem(
                412,
                "precondition-failed",
                condition + ", but there is "
                        + current.map(tag -> "one with the entity tag " + tag).orElse("none") + "; nothing was done");
        return current.isPresent() ? problem.header("ETag", current.get()) : problem;
    }
}

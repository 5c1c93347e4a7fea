package dev.streamingsaga.api;

import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The checksums that a request states for its body (RFC 9530). Bodies come without a content coding, so that
 * {@code Content-Digest} and {@code Repr-Digest} mean the same bytes. Each one that is stated is checked; what cannot
 * be checked is refused, never ignored.
 */
final class BodyDigests {
    private static final Map<String, Integer> BYTES = Map.of("sha-256", 32, "sha-512", 64);
    private static final List<String> FIELDS = List.of("Content-Digest", "Repr-Digest");
    /** Both were replaced by RFC 9530, or before. */
    private static final List<String> FORMER_FIELDS = List.of("Digest", "Content-MD5");

    private static final Pattern MEMBER = Pattern.compile("\\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\\s*");
    private static final String UNDERSTOOD =
            "sha-256=:BASE64: of 32 bytes or sha-512=:BASE64: of 64 bytes, each at most once";

    private final List<Stated> stated;
    private final @Nullable MessageDigest sha512;

    private record Stated(String field, String algorithm, String hex) {}

    private BodyDigests(List<Stated> stated) {
        this.stated = stated;
        this.sha512 = stated.stream().anyMatch(one -> one.algorithm().equals("sha-512")) ? digest("SHA-512") : null;
    }

    /** @throws Problem 400, with what is understood, for another algorithm, a doubled one and what is malformed */
    static BodyDigests of(HttpCall call) {
        for (String former : FORMER_FIELDS) {
            if (call.list(former).isPresent()) {
                throw refused(former + " is not understood; send Repr-Digest with " + UNDERSTOOD);
            }
        }
        String trailer = call.list("Trailer").orElse("").toLowerCase(Locale.ROOT);
        if (trailer.contains("digest")) {
            throw refused("a digest behind the body is not read; send it before, as " + UNDERSTOOD);
        }
        List<Stated> stated = new ArrayList<>();
        FIELDS.forEach(field -> call.list(field).ifPresent(value -> stated.addAll(members(field, value))));
        return new BodyDigests(stated);
    }

    private static List<Stated> members(String field, String value) {
        List<Stated> members = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String part : value.split(",", -1)) {
            Matcher member = MEMBER.matcher(part);
            byte[] digest = member.matches() && seen.add(member.group(1)) ? decoded(member.group(2)) : new byte[0];
            if (digest.length == 0 || digest.length != BYTES.getOrDefault(member.group(1), 0)) {
                throw refused(field + " must be " + UNDERSTOOD + ", was " + RequestText.shown(value));
            }
            members.add(new Stated(field, member.group(1), HexFormat.of().formatHex(digest)));
        }
        return members;
    }

    private static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private static Problem refused(String why) {
        return new Problem(400, "bad-digest", why).header("Want-Repr-Digest", "sha-256=10, sha-512=9");
    }

    /** The body, looked at on its way as far as needed besides its SHA-256. */
    InputStream watch(InputStream body) {
        return sha512 == null ? body : new DigestInputStream(body, sha512);
    }

    /**
     * To be called when the watched body was read to its end.
     *
     * @throws Problem 400 if it is not what was stated
     */
    void check(String sha256) {
        String long512 = sha512 == null ? "" : HexFormat.of().formatHex(sha512.digest());
        for (Stated one : stated) {
            String arrived = one.algorithm().equals("sha-512") ? long512 : sha256;
            if (!arrived.equals(one.hex())) {
                String algorithm = one.algorithm().toUpperCase(Locale.ROOT);
                throw new Problem(
                        400,
                        "wrong-digest",
                        "the body that arrived has " + algorithm + " " + arrived + ", " + one.field() + " says "
                                + one.hex() + "; nothing was kept, send it again");
            }
        }
    }

    /** As {@link #check(String)}, of a small body that was not watched. */
    void check(byte[] body) {
        if (sha512 != null) {
            sha512.update(body);
        }
        check(HexFormat.of().formatHex(digest("SHA-256").digest(body)));
    }

    /** Whole document's digest as a field's value. */
    static String member(String sha256) {
        return "sha-256=:" + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256)) + ":";
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + algorithm, e);
        }
    }
}

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
 * The digests that a request declares for its body (RFC 9530). Bodies have no content coding, so {@code Content-Digest}
 * and {@code Repr-Digest} cover the same bytes. Every declared digest is checked. A digest that cannot be checked is
 * rejected, never ignored.
 */
final class BodyDigests {
    private static final Map<String, Integer> BYTES = Map.of("sha-256", 32, "sha-512", 64);
    private static final List<String> FIELDS = List.of("Content-Digest", "Repr-Digest");
    /** Obsolete fields, replaced by RFC 9530 or earlier. */
    private static final List<String> FORMER_FIELDS = List.of("Digest", "Content-MD5");

    private static final Pattern MEMBER = Pattern.compile("\\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\\s*");
    private static final String SUPPORTED =
            "sha-256=:BASE64: of 32 bytes or sha-512=:BASE64: of 64 bytes, each at most once";

    private final List<Declared> declared;
    private final @Nullable MessageDigest sha512;

    private record Declared(String field, String algorithm, String hex) {}

    private BodyDigests(List<Declared> declared) {
        this.declared = declared;
        this.sha512 =
                declared.stream().anyMatch(digest -> digest.algorithm().equals("sha-512")) ? digest("SHA-512") : null;
    }

    /** @throws Problem 400 for an unsupported, repeated or malformed digest; the detail names what is supported */
    static BodyDigests of(HttpCall call) {
        for (String former : FORMER_FIELDS) {
            if (call.list(former).isPresent()) {
                throw badDigest(former + " is not supported; send Repr-Digest with " + SUPPORTED);
            }
        }
        String trailer = call.list("Trailer").orElse("").toLowerCase(Locale.ROOT);
        if (trailer.contains("digest")) {
            throw badDigest("a digest in a trailer is not supported; send it in a header, as " + SUPPORTED);
        }
        List<Declared> declared = new ArrayList<>();
        FIELDS.forEach(field -> call.list(field).ifPresent(value -> declared.addAll(members(field, value))));
        return new BodyDigests(declared);
    }

    private static List<Declared> members(String field, String value) {
        List<Declared> members = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String member : value.split(",", -1)) {
            Matcher matcher = MEMBER.matcher(member);
            byte[] digest = matcher.matches() && seen.add(matcher.group(1)) ? decoded(matcher.group(2)) : new byte[0];
            if (digest.length == 0 || digest.length != BYTES.getOrDefault(matcher.group(1), 0)) {
                throw badDigest(field + " must be " + SUPPORTED + ", was " + RequestText.shown(value));
            }
            members.add(new Declared(field, matcher.group(1), HexFormat.of().formatHex(digest)));
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

    private static Problem badDigest(String detail) {
        return new Problem(400, "bad-digest", detail).header("Want-Repr-Digest", "sha-256=10, sha-512=9");
    }

    /** Wraps the body so that its SHA-512 is computed while it is read, if one is declared. */
    InputStream watch(InputStream body) {
        return sha512 == null ? body : new DigestInputStream(body, sha512);
    }

    /**
     * Checks the declared digests. Call it after the watched body has been read completely.
     *
     * @throws Problem 400 if a digest does not match
     */
    void check(String sha256) {
        String actual512 = sha512 == null ? "" : HexFormat.of().formatHex(sha512.digest());
        for (Declared digest : declared) {
            String actual = digest.algorithm().equals("sha-512") ? actual512 : sha256;
            if (!actual.equals(digest.hex())) {
                String algorithm = digest.algorithm().toUpperCase(Locale.ROOT);
                throw new Problem(
                        400,
                        "wrong-digest",
                        "the received body has " + algorithm + " " + actual + ", " + digest.field() + " says "
                                + digest.hex() + "; nothing was kept, send it again");
            }
        }
    }

    /** Like {@link #check(String)}, for a small body that was not watched. */
    void check(byte[] body) {
        if (sha512 != null) {
            sha512.update(body);
        }
        check(HexFormat.of().formatHex(digest("SHA-256").digest(body)));
    }

    /** The digest of a document as the value of a {@code Repr-Digest} field. */
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

package dev.streamingsaga.lra;

import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs and verifies the one option that a participant gives to the coordinator and gets back in its callbacks:
 * base64url of {@code sagaId.run.step}, followed by the 43 characters of its HMAC-SHA256. A token contains only
 * {@code [A-Za-z0-9_-]}, because camel-lra does not encode option values. It is valid as long as the secret stays the
 * same. Thread-safe.
 */
public final class CallbackToken {
    /** Name of the saga option that carries the token, in routes and in the callback's query. */
    public static final String OPTION = "saga";

    private static final Pattern TARGET =
            Pattern.compile("([0-9a-z]{26})\\.([1-9][0-9]{0,8})\\.([a-z][a-z0-9-]{0,63})");
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{80,256}");
    private static final int MAC_CHARS = 43;
    private static final int SECRET_BYTES = 32;
    private static final int MIN_SECRET_BYTES = 16;
    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;

    /** @param secret at least 16 bytes */
    public CallbackToken(byte[] secret) {
        if (secret.length < MIN_SECRET_BYTES) {
            throw new IllegalArgumentException(
                    "saga.callback.secret must have at least " + MIN_SECRET_BYTES + " bytes");
        }
        key = new SecretKeySpec(secret, ALGORITHM);
    }

    /**
     * The participant that a callback is for.
     *
     * @param sagaId 26 characters of {@code [0-9a-z]}
     * @param run from 1
     * @param step {@code [a-z][a-z0-9-]*}
     */
    public record Target(String sagaId, int run, String step) {
        public Target {
            if (!TARGET.matcher(text(sagaId, run, step)).matches()) {
                throw new IllegalArgumentException("not a saga id, run and step that a callback token can carry");
            }
        }

        private static String text(String sagaId, int run, String step) {
            return sagaId + "." + run + "." + step;
        }
    }

    /**
     * Uses the configured secret, or the one in {@code DATA/callback.secret}, generated on first use and readable by
     * its owner only.
     *
     * @param configured {@code saga.callback.secret}; empty for the stored secret
     */
    public static CallbackToken open(Path dataDir, String configured) throws IOException {
        if (!configured.isEmpty()) {
            return new CallbackToken(configured.getBytes(StandardCharsets.UTF_8));
        }
        Path file = dataDir.resolve("callback.secret");
        if (!Files.exists(file)) {
            generate(file);
        }
        byte[] secret = Files.readAllBytes(file);
        if (secret.length != SECRET_BYTES) {
            throw new IOException(file + " must hold " + SECRET_BYTES + " bytes, has " + secret.length
                    + "; delete it to generate a new one: callbacks of open LRAs are then refused"
                    + " and the journal ends their sagas");
        }
        return new CallbackToken(secret);
    }

    /** Whether a value has a token's form, without checking its signature. */
    static boolean hasForm(String value) {
        return FORM.matcher(value).matches();
    }

    public String issue(Target target) {
        String text = Target.text(target.sagaId(), target.run(), target.step());
        String payload = encode(text.getBytes(StandardCharsets.US_ASCII));
        return payload + encode(hmac(payload));
    }

    /** The target, if {@link #issue} produces exactly this token with the same secret; compared in constant time. */
    public Optional<Target> verify(String token) {
        if (!hasForm(token)) {
            return Optional.empty();
        }
        String payload = token.substring(0, token.length() - MAC_CHARS);
        // Compare text, not decoded bytes: base64 has several encodings of the same bytes, and only one is accepted.
        byte[] expected = encode(hmac(payload)).getBytes(StandardCharsets.US_ASCII);
        if (!MessageDigest.isEqual(expected, token.substring(payload.length()).getBytes(StandardCharsets.US_ASCII))) {
            return Optional.empty();
        }
        Matcher parts = TARGET.matcher(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.US_ASCII));
        return parts.matches()
                ? Optional.of(new Target(parts.group(1), Integer.parseInt(parts.group(2)), parts.group(3)))
                : Optional.empty();
    }

    private byte[] hmac(String payload) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return mac.doFinal(payload.getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static void generate(Path file) throws IOException {
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        PrivateFile.write(file, secret);
    }
}

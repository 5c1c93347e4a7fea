package dev.streamingsaga.receipt;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.Base64URL;
import dev.streamingsaga.digest.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.text.ParseException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Verifies receipts. Needs neither a service nor a data directory. */
public final class ReceiptVerifier {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]{86}");
    private static final int MAX_SHOWN = 64;

    private ReceiptVerifier() {}

    /**
     * A receipt whose signature is valid.
     *
     * @param keyId thumbprint of the key that signed it
     * @param signerKnown whether the key is one that the caller trusts; if not, only integrity is proved
     * @param sha256 of the compact JWS
     */
    public record Verified(Statement statement, String keyId, boolean signerKnown, String sha256) {}

    /**
     * Verifies with trusted keys.
     *
     * @param jws a compact JWS; blanks around it do not matter
     * @throws ReceiptException if it is not a receipt, was signed by another key, or was changed
     */
    public static Verified verify(String jws, VerificationKeys trusted) {
        return verify(jws.strip(), Optional.of(trusted));
    }

    /**
     * Verifies with the key that the receipt itself names. This proves that the receipt is as it was signed, but not by
     * whom.
     *
     * @throws ReceiptException if it is not a receipt, or was changed
     */
    public static Verified verify(String jws) {
        return verify(jws.strip(), Optional.empty());
    }

    private static Verified verify(String jws, Optional<VerificationKeys> trusted) {
        JWSObject parsed = parse(jws);
        String keyId = parsed.getHeader().getKeyID();
        OctetKeyPair key = trusted.isPresent() ? known(trusted.get(), keyId) : embedded(parsed);
        if (!VerificationKeys.thumbprint(key).equals(keyId)) {
            throw new ReceiptException("the receipt names key " + shown(keyId) + ", but carries another one");
        }
        signatureOf(jws, key);
        return new Verified(Statement.parse(parsed.getPayload().toBytes()), keyId, trusted.isPresent(), sha256(jws));
    }

    private static OctetKeyPair known(VerificationKeys trusted, @Nullable String keyId) {
        return trusted.find(String.valueOf(keyId))
                .orElseThrow(() -> new ReceiptException("the receipt was signed by key " + shown(keyId)
                        + ", which is none of the keys to verify with"));
    }

    private static OctetKeyPair embedded(JWSObject jws) {
        if (jws.getHeader().getJWK() instanceof OctetKeyPair key
                && key.getCurve().equals(Curve.Ed25519)) {
            return key;
        }
        throw new ReceiptException("the receipt carries no Ed25519 key; verify it with the key of its sender");
    }

    private static String shown(@Nullable String keyId) {
        String text = String.valueOf(keyId);
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
    }

    private static JWSObject parse(String jws) {
        try {
            if (!FORM.matcher(jws).matches()) {
                throw new ReceiptException("it is not a receipt: a receipt is one line of three parts between dots");
            }
            JWSObject parsed = JWSObject.parse(jws);
            if (!JWSAlgorithm.EdDSA.equals(parsed.getHeader().getAlgorithm())
                    || parsed.getHeader().getType() == null
                    || !SigningKey.TYPE.equals(parsed.getHeader().getType().getType())
                    || parsed.getHeader().getCriticalParams() != null
                    || !parsed.getHeader().isBase64URLEncodePayload()) {
                throw new ReceiptException("it is a signed text, but not a receipt of this program");
            }
            return parsed;
        } catch (ParseException e) {
            throw new ReceiptException("it is not a receipt: " + e.getMessage(), e);
        }
    }

    /** @throws ReceiptException unless it is the key's signature, in its only encoding */
    static void signatureOf(String jws, OctetKeyPair key) {
        int end = jws.lastIndexOf('.');
        Base64URL signature = new Base64URL(jws.substring(end + 1));
        boolean valid;
        try {
            valid = Base64URL.encode(signature.decode()).equals(signature)
                    && Ed25519.verify(
                            key, jws.substring(0, end).getBytes(StandardCharsets.US_ASCII), signature.decode());
        } catch (GeneralSecurityException e) {
            valid = false;
        }
        if (!valid) {
            throw new ReceiptException("the signature does not match: the receipt was changed after it was signed");
        }
    }

    /** The hash that the next receipt of the chain names. */
    static String sha256(String jws) {
        return Sha256.of(jws);
    }
}

package dev.streamingsaga.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.streamingsaga.annotation.PublicApi;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Public keys that a verifier trusts, by thumbprint. */
@PublicApi
public final class VerificationKeys {
    private final Map<String, OctetKeyPair> keys = new LinkedHashMap<>();

    private VerificationKeys(Collection<JWK> all) {
        for (JWK each : all) {
            if (each instanceof OctetKeyPair key && key.getCurve().equals(Curve.Ed25519)) {
                keys.put(thumbprint(key), key.toPublicJWK());
            }
        }
    }

    /** @throws ReceiptException if one of them is not a JSON Web Key */
    public static VerificationKeys of(Collection<String> jwks) {
        List<JWK> parsed = new ArrayList<>();
        try {
            for (String jwk : jwks) {
                parsed.add(JWK.parse(jwk));
            }
        } catch (ParseException e) {
            throw new ReceiptException("a public key in the journal is damaged: " + e.getMessage(), e);
        }
        return new VerificationKeys(parsed);
    }

    /**
     * @param json a JSON Web Key or a set of them
     * @throws ReceiptException if it is neither, or has no Ed25519 key
     */
    public static VerificationKeys parse(String json) {
        try {
            Map<String, Object> parsed = JSONObjectUtils.parse(json);
            VerificationKeys found = new VerificationKeys(
                    parsed.containsKey("keys") ? JWKSet.parse(parsed).getKeys() : List.of(JWK.parse(parsed)));
            if (found.keys.isEmpty()) {
                throw new ReceiptException("there is no Ed25519 key in it");
            }
            return found;
        } catch (ParseException e) {
            throw new ReceiptException("it is neither a JSON Web Key nor a set of them: " + e.getMessage(), e);
        }
    }

    Optional<OctetKeyPair> find(String keyId) {
        return Optional.ofNullable(keys.get(keyId));
    }

    /** A JSON Web Key Set without private parts. */
    public String jwks() {
        return new JWKSet(List.copyOf(keys.values())).toString(true);
    }

    static String thumbprint(OctetKeyPair key) {
        try {
            return key.computeThumbprint().toString();
        } catch (JOSEException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}

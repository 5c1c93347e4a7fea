package dev.streamingsaga.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.OctetKeyPair;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;

/** The private key that signs receipts. Never shows itself as text. Thread-safe. */
final class SigningKey {
    /** The {@code typ} of every receipt's header. */
    static final String TYPE = "saga-receipt+json";

    private final OctetKeyPair key;
    private final JWSHeader header;
    private final Ed25519.Signer signer;

    private SigningKey(OctetKeyPair key) {
        this.key = key;
        this.signer = new Ed25519.Signer(key);
        this.header = new JWSHeader.Builder(JWSAlgorithm.EdDSA)
                .type(new JOSEObjectType(TYPE))
                .keyID(key.getKeyID())
                .jwk(key.toPublicJWK())
                .build();
    }

    /**
     * Opens the key in a file, which is generated if it does not exist, readable only by its owner.
     *
     * @param setting the setting that names the file, for errors
     * @throws ConfigException if others than its owner have access to it, or it is not a private Ed25519 key
     * @throws IOException if it cannot be read or written
     */
    static SigningKey open(Path file, String setting) throws IOException {
        if (!Files.exists(file)) {
            PrivateFile.write(file, (Ed25519.generate().toJSONString() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        if (Permissions.isShared(file)) {
            throw ConfigException.of(setting + ": " + file
                    + " holds a private key, and not only its owner has access to it; run chmod 600 on it");
        }
        try {
            return parse(Files.readString(file));
        } catch (ParseException | JOSEException | IllegalArgumentException | ReceiptException e) {
            throw ConfigException.of(setting + ": " + file + " is not a private Ed25519 key as JSON Web Key ("
                    + e.getMessage() + "); restore it from a backup, or move it away to generate a new one");
        }
    }

    /** @throws IllegalArgumentException if it is another kind of key, or only a public one */
    static SigningKey parse(String jwk) throws ParseException, JOSEException {
        OctetKeyPair parsed = OctetKeyPair.parse(jwk);
        if (!parsed.isPrivate() || !parsed.getCurve().equals(Curve.Ed25519)) {
            throw new IllegalArgumentException("it has no private part of the curve Ed25519");
        }
        OctetKeyPair key =
                new OctetKeyPair.Builder(parsed).keyIDFromThumbprint().build();
        SigningKey opened = new SigningKey(key);
        ReceiptVerifier.signatureOf(opened.sign("{}".getBytes(StandardCharsets.UTF_8)), key);
        return opened;
    }

    /** Thumbprint of RFC 7638. */
    String keyId() {
        return key.getKeyID();
    }

    /** The public key as JSON Web Key. */
    String publicJwk() {
        return key.toPublicJWK().toJSONString();
    }

    /** A compact JWS. */
    String sign(byte[] payload) {
        try {
            JWSObject jws = new JWSObject(header, new Payload(payload));
            jws.sign(signer);
            return jws.serialize();
        } catch (JOSEException e) {
            throw new ReceiptException("cannot sign with key " + keyId() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return "signing key " + keyId();
    }
}

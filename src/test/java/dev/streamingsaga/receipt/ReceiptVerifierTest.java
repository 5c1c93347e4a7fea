package dev.streamingsaga.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.jwk.OctetKeyPair;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.receipt.Statement.Chain;
import dev.streamingsaga.receipt.Statement.Chunk;
import dev.streamingsaga.receipt.Statement.Content;
import dev.streamingsaga.receipt.Statement.Subject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class ReceiptVerifierTest {
    /** The key of RFC 8037, appendix A. */
    private static final String RFC_KEY = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
            + "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
            + "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

    private static final String ZEROS = "0".repeat(64);

    private static SigningKey key() throws Exception {
        return SigningKey.parse(RFC_KEY);
    }

    static Statement statement(List<Chunk> chunks, String root) {
        return new Statement(
                Statement.FORMAT,
                Statement.COMPLETION,
                new Chain("journal", 1, ZEROS, "2026-01-02T03:04:05Z"),
                new Subject("d1", "s1", "a.bin", "application/octet-stream", 2L, ZEROS, "o", "internal", "r", "c"),
                new Content("bucket", "saga/d1/s1/", root, chunks),
                Map.of("upload", 1L),
                List.of(),
                null,
                null,
                null);
    }

    private static String receipt() throws Exception {
        List<Chunk> chunks = List.of(
                new Chunk(0, 0, 1, ZEROS, "chunk-000000", null), new Chunk(1, 1, 1, ZEROS, "chunk-000001", null));
        return key().sign(statement(chunks, Statement.merkleRoot(chunks)).json());
    }

    private static VerificationKeys trusted() throws Exception {
        return VerificationKeys.parse(key().publicJwk());
    }

    @Test
    void signs_and_verifies_as_rfc_8037_does() throws Exception {
        String text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        String signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        OctetKeyPair key = OctetKeyPair.parse(RFC_KEY);

        assertThat(new Ed25519.Signer(key)
                        .sign(null, text.getBytes(StandardCharsets.US_ASCII))
                        .toString())
                .isEqualTo(signature);
        assertThat(key().keyId()).isEqualTo("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assertThatCode(() -> ReceiptVerifier.signatureOf(text + "." + signature, key))
                .doesNotThrowAnyException();
    }

    @Test
    void verifies_a_receipt_with_the_key_of_its_signer_and_with_the_one_it_carries() throws Exception {
        assertThat(ReceiptVerifier.verify(receipt() + "\n", trusted())).satisfies(verified -> {
            assertThat(verified.signerKnown()).isTrue();
            assertThat(verified.statement().document().fileName()).isEqualTo("a.bin");
        });
        assertThat(ReceiptVerifier.verify(receipt()).signerKnown()).isFalse();
        assertThatThrownBy(() -> ReceiptVerifier.verify(
                        receipt(), VerificationKeys.parse(Ed25519.generate().toJSONString())))
                .hasMessageContaining("none of the keys");
    }

    /** Every character counts, also those of the signature that base64 would ignore. */
    @Test
    void notices_every_change_of_a_single_character() throws Exception {
        String receipt = receipt();
        for (int i = 0; i < receipt.length(); i++) {
            char changed = receipt.charAt(i) == 'A' ? 'B' : 'A';
            String other = receipt.substring(0, i) + changed + receipt.substring(i + 1);
            assertThatThrownBy(() -> ReceiptVerifier.verify(other, trusted()))
                    .as("character %d", i)
                    .isInstanceOf(ReceiptException.class);
        }
        char last = receipt.charAt(receipt.length() - 1);
        String sameBits = receipt.substring(0, receipt.length() - 1) + (char) (last + 1);
        assertThatThrownBy(() -> ReceiptVerifier.verify(sameBits, trusted())).isInstanceOf(ReceiptException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "a.b.c", "{}", "a.b.", "\u0000.\u0000.\u0000"})
    void refuses_what_is_no_receipt(String text) {
        assertThatThrownBy(() -> ReceiptVerifier.verify(text)).isInstanceOf(ReceiptException.class);
    }

    /** Whoever writes a receipt with another key, but names the trusted one, gets nowhere. */
    @Test
    void refuses_a_receipt_that_names_another_key_than_the_one_that_signed() throws Exception {
        String foreign = SigningKey.parse(Ed25519.generate().toJSONString())
                .sign(statement(List.of(), Statement.merkleRoot(List.of())).json());
        String header = "{\"alg\":\"EdDSA\",\"typ\":\"" + SigningKey.TYPE + "\",\"kid\":\"" + key().keyId()
                + "\",\"jwk\":" + key().publicJwk() + "}";
        String forged = Base64.getUrlEncoder().withoutPadding().encodeToString(header.getBytes(StandardCharsets.UTF_8))
                + foreign.substring(foreign.indexOf('.'));

        assertThatThrownBy(() -> ReceiptVerifier.verify(forged)).hasMessageContaining("signature does not match");
        assertThatThrownBy(() -> ReceiptVerifier.verify(forged, trusted()))
                .hasMessageContaining("signature does not match");
    }

    /** Even if the owner of the key has signed it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'alg':'HS256','typ':'saga-receipt+json'",
                "'alg':'EdDSA','typ':'JWT'",
                "'alg':'EdDSA'",
                "'alg':'EdDSA','typ':'saga-receipt+json','crit':['exp'],'exp':1"
            })
    void refuses_a_signed_text_that_is_no_receipt(String header) throws Exception {
        assertThat(ReceiptVerifier.verify(signed("'alg':'EdDSA','typ':'saga-receipt+json'"), trusted())
                        .signerKnown())
                .isTrue();

        String other = signed(header);

        assertThatThrownBy(() -> ReceiptVerifier.verify(other, trusted()))
                .isInstanceOf(ReceiptException.class)
                .hasMessageContaining("not a receipt of this program");
    }

    private static String signed(String header) throws Exception {
        String receipt = receipt();
        String named = "{" + header.replace('\'', '"') + ",\"kid\":\"" + key().keyId() + "\"}";
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(named.getBytes(StandardCharsets.UTF_8))
                + receipt.substring(receipt.indexOf('.'), receipt.lastIndexOf('.'));
        return text + "."
                + new Ed25519.Signer(OctetKeyPair.parse(RFC_KEY))
                        .sign(
                                new JWSHeader.Builder(JWSAlgorithm.EdDSA).build(),
                                text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void refuses_a_receipt_whose_tree_does_not_match_its_chunks() throws Exception {
        String wrong = key().sign(statement(List.of(), ZEROS).json());

        assertThatThrownBy(() -> ReceiptVerifier.verify(wrong)).hasMessageContaining("contradicts itself");
    }

    @Test
    void generates_a_key_that_only_its_owner_can_read_and_opens_it_again(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("new/receipts.jwk");

        String keyId = SigningKey.open(file, "setting").keyId();

        assertThat(SigningKey.open(file, "setting").keyId()).isEqualTo(keyId);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(SigningKey.open(file, "setting").publicJwk()).doesNotContain("\"d\"");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> SigningKey.open(file, "saga.receipts.key-file"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("chmod 600");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "secret",
                "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
                "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
                        + "\"x\":\"AAqYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
                "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
                        + "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
            })
    void refuses_a_file_without_a_private_key(String content, @TempDir Path directory) throws Exception {
        Path file = Files.createFile(
                directory.resolve("key"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, content);

        assertThatThrownBy(() -> SigningKey.open(file, "saga.receipts.key-file"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("saga.receipts.key-file");
    }
}

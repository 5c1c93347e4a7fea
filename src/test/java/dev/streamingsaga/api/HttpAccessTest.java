package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.Classification;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EndpointConfig.HttpAuth;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Keys and tokens, with a real OpenID provider: an HTTP server with a discovery document and its keys. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpAccessTest {
    private StreamingSagaFixture saga;
    private HttpServer provider;
    private String issuer;
    private RSAKey signing;
    private ApiClient api;
    private Path keys;
    private String ingest;
    private String read;
    private String operate;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        signing = new RSAKeyGenerator(2048).keyID("one").generate();
        provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer = "http://127.0.0.1:" + provider.getAddress().getPort();
        serve(
                "/.well-known/openid-configuration",
                "{\"issuer\":\"" + issuer + "\",\"jwks_uri\":\"" + issuer + "/keys\"}");
        serve("/keys", new JWKSet(signing.toPublicJWK()).toString());
        provider.start();
        keys = directory.resolve("secrets/keys");
        ingest = ApiKeys.create(keys, "sender", List.of("ingest"));
        read = ApiKeys.create(keys, "reader", List.of("read"));
        operate = ApiKeys.create(keys, "operator", List.of("operate", "read"));
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.http.enabled", "true");
        settings.put("saga.http.keys-file", keys.toString());
        settings.put("saga.http.oidc.issuer", issuer);
        settings.put("saga.http.oidc.audience", "streaming-saga");
        saga = StreamingSagaFixture.start(directory, settings);
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    private void serve(String path, String json) {
        provider.createContext(path, exchange -> {
            byte[] body = json.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }

    @AfterAll
    void stop() {
        saga.close();
        provider.stop(0);
    }

    private Answer sagas(String credentials) {
        return api.get("/api/sagas", "Authorization", "Bearer " + credentials);
    }

    private JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(issuer)
                .audience("streaming-saga")
                .subject("anna")
                .claim("scope", "openid read")
                .expirationTime(Date.from(Instant.now().plusSeconds(300)));
    }

    private String signed(JWTClaimsSet claims, RSAKey key) throws Exception {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .keyID("one")
                        .type(new JOSEObjectType("at+jwt"))
                        .build(),
                claims);
        token.sign(new RSASSASigner(key));
        return token.serialize();
    }

    @Test
    void requires_credentials_for_everything_but_the_page_and_the_api_description() {
        Answer without = api.get("/api/sagas");
        assertThat(without.status()).isEqualTo(401);
        assertThat(without.header("WWW-Authenticate")).startsWith("Bearer");
        assertThat(sagas("sk_guessed").status()).isEqualTo(401);
        assertThat(sagas("").status()).isEqualTo(401);
        assertThat(api.get("/api/sagas", "Authorization", "Basic YTpi").status())
                .isEqualTo(401);
        assertThat(api.get("/api/sagas?Authorization=Bearer%20" + read).status())
                .isEqualTo(401);
        assertThat(api.get("/").status()).isEqualTo(200);
        assertThat(api.get("/api/openapi.json").status()).isEqualTo(200);
    }

    @Test
    void the_same_bytes_with_another_owner_are_another_document() {
        List<String> ids = Stream.of("legal", "board", "legal")
                .map(owner -> api.put(
                                "twice.txt",
                                "the same bytes".getBytes(StandardCharsets.UTF_8),
                                "Authorization",
                                "Bearer " + ingest,
                                "Saga-Owner",
                                owner,
                                "Prefer",
                                "wait=100")
                        .json()
                        .path("documentId")
                        .asText())
                .toList();

        assertThat(ids.get(0)).isNotEqualTo(ids.get(1)).isEqualTo(ids.get(2));
        assertThat(api.get("/api/documents/" + ids.get(1), "Authorization", "Bearer " + read)
                        .json()
                        .path("owner")
                        .asText())
                .isEqualTo("board");
    }

    @Test
    void a_token_is_limited_to_what_its_claims_name() throws Exception {
        String board = signed(
                claims().claim("owners", List.of("board"))
                        .claim("level", "public")
                        .build(),
                signing);
        String everybody = signed(
                claims().claim("owners", "*").claim("level", "restricted").build(), signing);

        assertThat(limited(board)).isEqualTo(AccessLimit.ofOwners(Set.of("board"), Classification.PUBLIC));
        assertThat(limited(everybody)).isEqualTo(AccessLimit.NONE);
        assertThat(limited(signed(
                        claims().claim("owners", "a b")
                                .claim("level", "internal")
                                .build(),
                        signing)))
                .isEqualTo(AccessLimit.ofOwners(Set.of("a", "b"), Classification.INTERNAL));
        for (JWTClaimsSet incomplete : List.of(
                claims().build(),
                claims().claim("owners", "a").build(),
                claims().claim("level", "public").build(),
                claims().claim("owners", "a").claim("level", "secret").build(),
                claims().claim("owners", List.of()).claim("level", "public").build())) {
            String token = signed(incomplete, signing);
            assertThatThrownBy(() -> limited(token))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("which documents");
        }
    }

    private AccessLimit limited(String token) {
        HttpAuth auth = new HttpAuth(
                Optional.empty(),
                Optional.of(URI.create(issuer)),
                "streaming-saga",
                Optional.empty(),
                "owners",
                "level");
        return new OidcTokens(auth).caller(token).limit();
    }

    @Test
    void grants_each_key_exactly_its_scopes() {
        Answer sent = api.put(
                "key.txt",
                "sent with a key".getBytes(StandardCharsets.UTF_8),
                "Authorization",
                "Bearer " + ingest,
                "Prefer",
                "wait=100");
        assertThat(sent.status()).isEqualTo(200);
        String saga = "/api/sagas/" + sent.json().path("sagaId").asText();
        assertThat(api.get(saga + "/outcome", "Authorization", "Bearer " + ingest)
                        .status())
                .isEqualTo(200);
        Answer refused = sagas(ingest);
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.json().path("detail").asText()).contains("read").contains("sender");
        assertThat(refused.header("WWW-Authenticate")).contains("insufficient_scope");
        assertThat(sagas(read).status()).isEqualTo(200);
        assertThat(api.put("x", new byte[1], "Authorization", "Bearer " + read).status())
                .isEqualTo(403);
        assertThat(api.post(saga + "/cancel", "", "Authorization", "Bearer " + read)
                        .status())
                .isEqualTo(403);
        assertThat(api.post(saga + "/cancel", "", "Authorization", "Bearer " + operate)
                        .status())
                .isEqualTo(409);
    }

    @Test
    void shows_health_to_everybody_but_details_and_metrics_only_to_readers() {
        Answer nobody = api.get("/observe/health");
        assertThat(nobody.json().path("status").asText()).isIn("UP", "DOWN");
        assertThat(nobody.json().has("parts")).isFalse();
        assertThat(api.get("/observe/health", "Authorization", "Bearer sk_guessed")
                        .json()
                        .has("parts"))
                .isFalse();
        assertThat(api.get("/observe/health", "Authorization", "Bearer " + ingest)
                        .json()
                        .has("parts"))
                .isFalse();
        assertThat(api.get("/observe/health", "Authorization", "Bearer " + read)
                        .json()
                        .path("parts")
                        .has("bucket"))
                .isTrue();
        assertThat(api.get("/observe/health/live").status()).isEqualTo(200);
        assertThat(api.get("/observe/metrics").status()).isEqualTo(401);
        assertThat(api.get("/observe/metrics", "Authorization", "Bearer " + ingest)
                        .status())
                .isEqualTo(403);
        assertThat(api.get("/observe/metrics", "Authorization", "Bearer " + read)
                        .status())
                .isEqualTo(200);
        assertThat(api.get("/observe/elsewhere").status()).isEqualTo(404);
    }

    @Test
    void the_same_document_from_two_senders_becomes_two_documents() throws Exception {
        String other = ApiKeys.create(keys, "other-sender", List.of("ingest"));
        byte[] body = "the same bytes".getBytes(StandardCharsets.UTF_8);
        Answer mine = api.put("same.txt", body, "Authorization", "Bearer " + ingest, "Prefer", "wait=100");
        Answer theirs = api.put("same.txt", body, "Authorization", "Bearer " + other, "Prefer", "wait=100");
        assertThat(theirs.json().path("documentId")).isNotEqualTo(mine.json().path("documentId"));
    }

    @Test
    void keeps_keys_as_hashes_in_a_private_file() throws Exception {
        assertThat(Files.readString(keys))
                .doesNotContain(ingest)
                .doesNotContain(ingest.substring(3))
                .contains("sender:ingest:");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keys)))
                .isEqualTo("rw-------");
        Path open = Files.copy(keys, keys.resolveSibling("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> ApiKeys.open(open))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("chmod 600");
        assertThatThrownBy(() -> ApiKeys.open(keys.resolveSibling("none"))).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> ApiKeys.create(keys, "sender", List.of("read")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ApiKeys.create(keys, "a:b", List.of("read")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ApiKeys.create(keys, "new", List.of("root")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void accepts_tokens_of_its_provider_with_their_scopes() throws Exception {
        String token = signed(claims().build(), signing);
        assertThat(sagas(token).status()).isEqualTo(200);
        assertThat(api.put("x", new byte[1], "Authorization", "Bearer " + token).status())
                .isEqualTo(403);
        String none = signed(claims().claim("scope", "openid").build(), signing);
        assertThat(sagas(none).status()).isEqualTo(403);
        String list = signed(
                claims().claim("scope", null).claim("scp", List.of("read")).build(), signing);
        assertThat(sagas(list).status()).isEqualTo(200);
    }

    @Test
    void a_subject_cannot_take_over_the_uploads_of_an_api_key_of_the_same_name() throws Exception {
        Answer answer = sagas(signed(claims().subject("sender").build(), signing));

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.json().path("detail").asText()).contains("sender", "also the name of an API key");
    }

    @Test
    void rejects_invalid_tokens() throws Exception {
        RSAKey foreign = new RSAKeyGenerator(2048).keyID("one").generate();
        assertThat(sagas(signed(claims().build(), foreign)).status())
                .as("signed with an unknown key")
                .isEqualTo(401);
        assertThat(sagas(signed(
                                claims().expirationTime(Date.from(Instant.now().minusSeconds(90)))
                                        .build(),
                                signing))
                        .status())
                .as("expired")
                .isEqualTo(401);
        assertThat(sagas(signed(
                                claims().expirationTime(Date.from(Instant.now().minusSeconds(20)))
                                        .build(),
                                signing))
                        .status())
                .as("clock skew")
                .isEqualTo(200);
        assertThat(sagas(signed(claims().expirationTime(null).build(), signing)).status())
                .as("without expiry")
                .isEqualTo(401);
        assertThat(sagas(signed(
                                claims().notBeforeTime(Date.from(Instant.now().plusSeconds(200)))
                                        .build(),
                                signing))
                        .status())
                .as("not valid yet")
                .isEqualTo(401);
        assertThat(sagas(signed(claims().audience("another").build(), signing)).status())
                .as("for another audience")
                .isEqualTo(401);
        assertThat(sagas(signed(claims().issuer("http://127.0.0.1:1").build(), signing))
                        .status())
                .as("from another issuer")
                .isEqualTo(401);
        assertThat(sagas(new PlainJWT(claims().build()).serialize()).status())
                .as("not signed")
                .isEqualTo(401);
        SignedJWT symmetric = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("one").build(), claims().build());
        symmetric.sign(new MACSigner(signing.toRSAPublicKey().getEncoded()));
        assertThat(sagas(symmetric.serialize()).status())
                .as("signed with the public key as a secret")
                .isEqualTo(401);
    }
}

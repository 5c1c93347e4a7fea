package dev.streamingsaga.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.EncryptionConfig.Kms;
import dev.streamingsaga.outage.Dependency;
import dev.streamingsaga.outage.Outage;
import dev.streamingsaga.outage.TransientFailures;
import dev.streamingsaga.testkit.KeyServer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KmsKeysTest {
    private static final KeyOwner OWNER = new KeyOwner("saga-1", "document-1");
    private static final DataKey KEY = new DataKey(new byte[DataKey.BYTES]);

    private KeyServer server;
    private String arn;
    private KeyEncryption keys;

    @BeforeEach
    void start() throws Exception {
        server = new KeyServer();
        arn = server.createKey("one");
        server.pointAlias("alias/saga", arn);
        keys = open("alias/saga", List.of("one"));
    }

    @AfterEach
    void stop() {
        keys.close();
        server.close();
    }

    private KeyEncryption open(String key, List<String> previous) {
        return open(key, previous, KeyServer.ACCESS_KEY, Duration.ofSeconds(20));
    }

    private KeyEncryption open(String key, List<String> previous, String accessKey, Duration timeout) {
        return KmsKeys.open(
                new Kms(key, previous, Optional.of(server.uri()), "us-east-1", accessKey, "secret", timeout));
    }

    @Test
    void wraps_by_the_key_of_an_alias_and_names_the_key() {
        DataKey.Wrapped wrapped = keys.wrap(KEY, OWNER);

        assertThat(wrapped.keyId()).isEqualTo(arn);
        assertThat(keys.unwrap(wrapped, OWNER)).isEqualTo(KEY);
        assertThatThrownBy(() -> keys.unwrap(wrapped, new KeyOwner("saga-2", "document-1")))
                .isInstanceOf(WrongKeyException.class);
    }

    @Test
    void an_alias_that_is_pointed_at_another_key_wraps_by_it_and_previous_keys_unwrap() {
        DataKey.Wrapped old = keys.wrap(KEY, OWNER);
        String two = server.createKey("two");
        server.pointAlias("alias/saga", two);

        assertThat(keys.currentKeyId()).isEqualTo(two);
        assertThat(keys.unwrap(keys.wrap(KEY, OWNER), OWNER)).isEqualTo(KEY);
        assertThat(keys.holds(old.keyId())).isTrue();
        assertThat(keys.unwrap(old, OWNER)).isEqualTo(KEY);
    }

    @Test
    void a_key_that_is_not_configured_is_unknown_without_a_request() {
        DataKey.Wrapped foreign = new DataKey.Wrapped(server.createKey("foreign"), new byte[40]);
        KeyRing ring = new KeyRing(Optional.of(keys), List.of());
        int before = server.requests();

        assertThatThrownBy(() -> ring.unwrap(foreign, OWNER))
                .isInstanceOf(UnknownKeyException.class)
                .hasMessageContaining("key/foreign");
        assertThat(server.requests()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "500,KMSInternalException",
        "500,DependencyTimeoutException",
        "500,KeyUnavailableException",
        "503,ServiceUnavailable",
        "429,TooManyRequests",
        "400,ThrottlingException",
    })
    void what_may_pass_is_an_outage_of_the_key_service(int status, String type) {
        server.failWith(status, type);

        assertOutage();
        server.recover();
        assertThat(keys.unwrap(keys.wrap(KEY, OWNER), OWNER)).isEqualTo(KEY);
    }

    @Test
    void a_server_that_is_away_or_hangs_is_an_outage_of_the_key_service() {
        server.stop();
        assertOutage();
        server.recover();
        server.hang();
        try (KeyEncryption impatient = open("one", List.of(), KeyServer.ACCESS_KEY, Duration.ofMillis(300))) {
            assertOutage(impatient);
        }
        server.recover();
        assertThat(keys.unwrap(keys.wrap(KEY, OWNER), OWNER)).isEqualTo(KEY);
    }

    private void assertOutage() {
        assertOutage(keys);
    }

    private static void assertOutage(KeyEncryption keys) {
        assertThatThrownBy(() -> keys.wrap(KEY, OWNER))
                .isInstanceOf(KeyServiceUnavailableException.class)
                .satisfies(thrown -> assertThat(TransientFailures.outage(thrown).map(Outage::dependency))
                        .contains(Dependency.KEY_SERVICE));
    }

    @Test
    void what_only_an_operator_can_end_is_refused_by_name_and_permanent() {
        DataKey.Wrapped wrapped = keys.wrap(KEY, OWNER);

        try (KeyEncryption stranger = open("one", List.of(), "stranger", Duration.ofSeconds(20))) {
            assertPermanent(() -> stranger.wrap(KEY, OWNER), KeyRefusedException.class, "grant access");
        }
        server.disable(arn);
        assertPermanent(() -> keys.unwrap(wrapped, OWNER), KeyRefusedException.class, arn);
        server.delete(arn);
        assertPermanent(() -> keys.unwrap(wrapped, OWNER), UnknownKeyException.class, arn);
    }

    private static void assertPermanent(ThrowingCallable call, Class<? extends KeyException> type, String message) {
        assertThatThrownBy(call)
                .isInstanceOf(type)
                .hasMessageContaining(message)
                .satisfies(
                        thrown -> assertThat(TransientFailures.outage(thrown)).isEmpty());
    }

    @Test
    void a_wrapped_key_that_was_changed_is_wrong() {
        byte[] changed = keys.wrap(KEY, OWNER).bytes();
        changed[changed.length - 1] ^= 1;

        assertThatThrownBy(() -> keys.unwrap(new DataKey.Wrapped(arn, changed), OWNER))
                .isInstanceOf(WrongKeyException.class)
                .satisfies(
                        thrown -> assertThat(TransientFailures.outage(thrown)).isEmpty());
    }
}

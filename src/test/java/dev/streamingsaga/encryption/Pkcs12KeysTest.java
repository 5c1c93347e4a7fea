package dev.streamingsaga.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EncryptionConfig.Pkcs12;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.util.Optional;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class Pkcs12KeysTest {
    private static final String PASSWORD = "open sesame";
    private static final KeyOwner OWNER = new KeyOwner("saga-1", "document-1");
    private static final DataKey KEY = new DataKey(new byte[DataKey.BYTES]);

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void create() throws Exception {
        file = directory.resolve("keys.p12");
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        add(store, "old", 32);
        add(store, "New", 32);
        add(store, "short", 16);
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD.toCharArray());
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static void add(KeyStore store, String alias, int bytes) throws Exception {
        byte[] key = new byte[bytes];
        key[0] = (byte) alias.charAt(0);
        store.setEntry(
                alias,
                new KeyStore.SecretKeyEntry(new SecretKeySpec(key, "AES")),
                new KeyStore.PasswordProtection(PASSWORD.toCharArray()));
    }

    private KeyEncryption open(String key, String password) throws IOException {
        return Pkcs12Keys.open(new Pkcs12(Optional.of(file), key, password));
    }

    @Test
    void the_named_key_wraps_and_all_unwrap() throws Exception {
        DataKey.Wrapped old = open("old", PASSWORD).wrap(KEY, OWNER);
        KeyEncryption keys = open("NEW", PASSWORD);
        DataKey.Wrapped young = keys.wrap(KEY, OWNER);

        assertThat(young.keyId()).isEqualTo("new");
        assertThat(keys.unwrap(old, OWNER)).isEqualTo(KEY);
        assertThat(keys.unwrap(young, OWNER)).isEqualTo(KEY);
        assertThat(keys.holds("short")).isFalse();
    }

    @Test
    void a_wrong_password_is_named_and_not_quoted() {
        assertThatThrownBy(() -> open("old", "wrong password"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("the password of the key store")
                .hasMessageNotContaining("wrong password");
    }

    @Test
    void a_key_that_is_missing_or_too_short_is_named() {
        assertThatThrownBy(() -> open("short", PASSWORD))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("saga.encryption.pkcs12.key")
                .hasMessageContaining("old");
    }

    @Test
    void a_key_store_that_others_can_access_or_that_is_damaged_is_refused() throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw----r--"));
        assertThatThrownBy(() -> open("old", PASSWORD)).hasMessageContaining("chmod 600");
        Files.writeString(file, "no key store");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(() -> open("old", PASSWORD))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("damaged");
    }
}

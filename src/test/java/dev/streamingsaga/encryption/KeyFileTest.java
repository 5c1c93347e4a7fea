package dev.streamingsaga.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class KeyFileTest {
    private static final KeyOwner OWNER = new KeyOwner("saga-1", "document-1");
    private static final DataKey KEY = new DataKey(
            new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8
            });

    /** The example of docs/keys.md. */
    private static final String DOCUMENTED = """
            {
              "format" : "streaming-saga-keys/1",
              "current" : "key-2026-11-30-3f9a2c1d",
              "keys" : [ {
                "id" : "key-2026-11-30-3f9a2c1d",
                "algorithm" : "AES-256-GCM",
                "created" : "2026-11-30T10:15:30Z",
                "key" : "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
              } ]
            }
            """;

    @TempDir
    Path directory;

    private KeyFile file;

    @BeforeEach
    void choose() {
        file = new KeyFile(directory.resolve("keys").resolve("keys.json"));
    }

    @Test
    void is_created_for_its_owner_only_and_never_overwritten() throws Exception {
        file.create();
        byte[] content = Files.readAllBytes(file.path());

        assertThat(Files.getPosixFilePermissions(file.path())).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(file::create)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("exists already")
                .hasMessageContaining("key-encryption add");
        assertThat(Files.readAllBytes(file.path())).isEqualTo(content);
    }

    @Test
    void has_several_keys_of_which_the_current_one_wraps_and_all_unwrap() throws Exception {
        String first = file.create();
        DataKey.Wrapped old = file.open().wrap(KEY, OWNER);
        String standby = file.add(false);
        assertThat(file.open().currentKeyId()).isEqualTo(first);
        file.use(standby);

        KeyEncryption keys = file.open();
        DataKey.Wrapped young = keys.wrap(KEY, OWNER);

        assertThat(old.keyId()).isEqualTo(first);
        assertThat(young.keyId()).isEqualTo(standby);
        assertThat(keys.unwrap(old, OWNER)).isEqualTo(KEY);
        assertThat(keys.unwrap(young, OWNER)).isEqualTo(KEY);
        assertThat(file.list()).extracting(KeyFile.KeyInfo::current).containsExactly(false, true);
    }

    @Test
    void refuses_to_remove_the_current_key_and_does_not_unwrap_by_a_removed_one() throws Exception {
        String first = file.create();
        DataKey.Wrapped old = file.open().wrap(KEY, OWNER);
        String second = file.add(true);
        assertThatThrownBy(() -> file.remove(second)).hasMessageContaining("is current");

        file.remove(first);

        assertThatThrownBy(() -> file.open().unwrap(old, OWNER))
                .isInstanceOf(UnknownKeyException.class)
                .hasMessageContaining(first);
    }

    @Test
    void a_wrapped_key_is_random_and_opens_for_its_owner_only() throws Exception {
        file.create();
        KeyEncryption keys = file.open();
        DataKey.Wrapped wrapped = keys.wrap(KEY, OWNER);

        assertThat(keys.wrap(KEY, OWNER)).isNotEqualTo(wrapped);
        assertThatThrownBy(() -> keys.unwrap(wrapped, new KeyOwner("saga-2", "document-1")))
                .isInstanceOf(WrongKeyException.class);
        assertThatThrownBy(() -> keys.unwrap(wrapped, new KeyOwner("saga-1", "document-2")))
                .isInstanceOf(WrongKeyException.class);
        byte[] changed = wrapped.bytes();
        changed[changed.length - 1] ^= 1;
        assertThatThrownBy(() -> keys.unwrap(new DataKey.Wrapped(wrapped.keyId(), changed), OWNER))
                .isInstanceOf(WrongKeyException.class);
        assertThatThrownBy(() ->
                        keys.unwrap(new DataKey.Wrapped(wrapped.keyId(), Arrays.copyOf(wrapped.bytes(), 5)), OWNER))
                .isInstanceOf(WrongKeyException.class);
    }

    @Test
    void another_key_of_the_same_name_is_the_wrong_one() throws Exception {
        write(DOCUMENTED);
        DataKey.Wrapped wrapped = file.open().wrap(KEY, OWNER);
        write(DOCUMENTED.replace("AAECAwQF", "AAECAwQG"));

        assertThatThrownBy(() -> file.open().unwrap(wrapped, OWNER))
                .isInstanceOf(WrongKeyException.class)
                .hasMessageContaining("key-2026-11-30-3f9a2c1d")
                .hasMessageContaining("saga-1");
    }

    @Test
    void that_others_can_access_is_refused() throws Exception {
        file.create();
        Files.setPosixFilePermissions(file.path(), PosixFilePermissions.fromString("rw-r-----"));

        assertThatThrownBy(file::open)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("chmod 600")
                .hasMessageContaining("rotate-keys");
    }

    @Test
    void in_a_folder_that_others_can_write_to_is_refused() throws Exception {
        file.create();
        Path folder = file.path().getParent();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwx---"));

        assertThatThrownBy(file::open).isInstanceOf(ConfigException.class).hasMessageContaining("chmod go-w");
        assertThatThrownBy(new KeyFile(folder.resolve("other.json"))::create).hasMessageContaining("chmod go-w");
    }

    @Test
    void that_is_missing_says_how_to_create_or_restore_it() {
        assertThatThrownBy(file::open)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("key-encryption init")
                .hasMessageContaining("backup");
    }

    @ParameterizedTest
    @CsvSource({
        "keys/1,keys/2,its format is",
        "AES-256-GCM,AES-128-GCM,algorithm",
        "Hh8=,Hg==,does not have 32 bytes",
        "AAECAw,*AECAw,not in Base64",
        "current\" : \"key-2026,current\" : \"key-2027,names as current",
        "keys\" :,other\" :,no JSON of this format",
    })
    void that_is_invalid_is_refused_and_not_quoted(String part, String replacement, String message) throws Exception {
        write(DOCUMENTED.replace(part, replacement));

        assertThatThrownBy(file::open)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("BAUGBwgJ");
    }

    private void write(String content) throws IOException {
        Files.createDirectories(file.path().getParent());
        Files.writeString(file.path(), content);
        Files.setPosixFilePermissions(file.path(), PosixFilePermissions.fromString("rw-------"));
    }
}

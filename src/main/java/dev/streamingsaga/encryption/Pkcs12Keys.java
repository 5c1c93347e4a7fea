package dev.streamingsaga.encryption;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EncryptionConfig.Pkcs12;
import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.UnrecoverableKeyException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import javax.crypto.SecretKey;

/** Reads the AES keys of a PKCS#12 key store. */
final class Pkcs12Keys {
    private final Pkcs12 settings;
    private final Path file;

    private Pkcs12Keys(Pkcs12 settings) {
        this.settings = settings;
        this.file = settings.file().orElseThrow();
    }

    /** @throws ConfigException if the key store cannot be used */
    static KeyEncryption open(Pkcs12 settings) throws IOException {
        return new Pkcs12Keys(settings).open();
    }

    private KeyEncryption open() throws IOException {
        if (!Files.isRegularFile(file)) {
            throw ConfigException.of("the key store " + file + " (saga.encryption.pkcs12.file) does not exist");
        }
        requirePrivate();
        Map<String, byte[]> keys = read(settings.password().toCharArray());
        // PKCS#12 aliases do not distinguish cases.
        String current = settings.key().toLowerCase(Locale.ROOT);
        if (!current.isEmpty() && !keys.containsKey(current)) {
            throw ConfigException.of("the key store " + file + " has no AES key of 256 bits with the alias "
                    + settings.key() + " (saga.encryption.pkcs12.key); it has "
                    + (keys.isEmpty() ? "none" : String.join(", ", keys.keySet())));
        }
        return new LocalKeys(current, keys);
    }

    private Map<String, byte[]> read(char[] password) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, password);
            Map<String, byte[]> keys = new LinkedHashMap<>();
            for (String alias : Collections.list(store.aliases())) {
                if (store.entryInstanceOf(alias, KeyStore.SecretKeyEntry.class)) {
                    Key key = store.getKey(alias, password);
                    if (isAes256(key)) {
                        keys.put(alias.toLowerCase(Locale.ROOT), key.getEncoded());
                    }
                }
            }
            return keys;
        } catch (IOException e) {
            if (e.getCause() instanceof UnrecoverableKeyException) {
                throw ConfigException.of(
                        "the password of the key store " + file + " is wrong" + " (saga.encryption.pkcs12.password)");
            }
            throw ConfigException.of("the key store " + file + " cannot be read: it is damaged or no PKCS#12 file");
        } catch (GeneralSecurityException e) {
            throw ConfigException.of("a key of the key store " + file
                    + " cannot be read: all its keys must have the password of the key store");
        } finally {
            Arrays.fill(password, ' ');
        }
    }

    private static boolean isAes256(Key key) {
        return key instanceof SecretKey
                && "AES".equals(key.getAlgorithm())
                && key.getEncoded() != null
                && key.getEncoded().length == LocalKeys.BYTES;
    }

    private void requirePrivate() throws IOException {
        if (Permissions.isShared(file)) {
            throw ConfigException.of("other users can access the key store " + file + ": run chmod 600 on it");
        }
    }
}

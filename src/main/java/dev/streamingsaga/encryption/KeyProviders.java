package dev.streamingsaga.encryption;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EncryptionConfig;
import dev.streamingsaga.config.EncryptionConfig.Provider;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Opens every provider that is configured, and collects what is wrong with any of them. */
final class KeyProviders {
    private final EncryptionConfig config;
    private final Map<Provider, KeyEncryption> opened = new EnumMap<>(Provider.class);
    private final List<String> problems = new ArrayList<>();

    private KeyProviders(EncryptionConfig config) {
        this.config = config;
    }

    /** @throws ConfigException naming every provider that cannot be used, and why */
    static KeyRing open(EncryptionConfig config) {
        return new KeyProviders(config).open();
    }

    private interface Opening {
        KeyEncryption open() throws IOException;
    }

    private KeyRing open() {
        config.keyFile().ifPresent(file -> add(Provider.KEY_FILE, () -> new KeyFile(file).open()));
        config.pkcs12().file().ifPresent(file -> add(Provider.PKCS12, () -> Pkcs12Keys.open(config.pkcs12())));
        if (!config.kms().key().isEmpty() || !config.kms().previousKeys().isEmpty()) {
            add(Provider.KMS, () -> KmsKeys.open(config.kms()));
        }
        if (!problems.isEmpty()) {
            opened.values().forEach(KeyEncryption::close);
            throw new ConfigException(problems);
        }
        Optional<KeyEncryption> current = Optional.ofNullable(opened.remove(config.provider()));
        return new KeyRing(current, List.copyOf(opened.values()));
    }

    private void add(Provider provider, Opening opening) {
        try {
            opened.put(provider, opening.open());
        } catch (ConfigException e) {
            problems.addAll(e.problems());
        } catch (IOException e) {
            problems.add("the keys of " + label(provider) + " cannot be read: " + e);
        } catch (NoClassDefFoundError e) {
            problems.add("the keys of " + label(provider) + " need a library that is missing: add "
                    + (provider == Provider.KMS ? "software.amazon.awssdk:kms" : "com.google.crypto.tink:tink"));
        }
    }

    private static String label(Provider provider) {
        return switch (provider) {
            case KEY_FILE -> "saga.encryption.key-file";
            case PKCS12 -> "saga.encryption.pkcs12.file";
            case KMS -> "saga.encryption.kms.key";
            case NONE -> "no provider";
        };
    }
}

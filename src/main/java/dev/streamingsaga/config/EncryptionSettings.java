package dev.streamingsaga.config;

import static dev.streamingsaga.config.SettingType.DURATION;
import static dev.streamingsaga.config.SettingType.FILE;
import static dev.streamingsaga.config.SettingType.KMS_KEYS;
import static dev.streamingsaga.config.SettingType.PASSWORD;
import static dev.streamingsaga.config.SettingType.TEXT;
import static dev.streamingsaga.config.SettingType.URL;

import dev.streamingsaga.config.EncryptionConfig.Kms;
import dev.streamingsaga.config.EncryptionConfig.Pkcs12;
import dev.streamingsaga.config.EncryptionConfig.Provider;

/** The key encryption keys. */
final class EncryptionSettings {
    private static final String PROVIDER = "saga.encryption.provider";
    private static final String KEY_FILE = "saga.encryption.key-file";
    private static final String PKCS12_FILE = "saga.encryption.pkcs12.file";
    private static final String PKCS12_KEY = "saga.encryption.pkcs12.key";
    private static final String KMS_KEY = "saga.encryption.kms.key";

    private EncryptionSettings() {}

    static void declare(SettingsTable table) {
        table.section("Keys of encrypted documents");
        table.choice(PROVIDER, Provider.NONE)
                .describe("Which key encryption key wraps the keys of new documents. none: no document is encrypted;"
                        + " key-file: one that \"saga key-encryption init\" has created; pkcs12: a key store of Java;"
                        + " kms: AWS KMS. Whatever else is configured below still opens the keys of older documents.");
        table.row(FILE, KEY_FILE, "")
                .describe("Key file. Only its owner may have access to it (mode 600). Keep it, and a backup, outside"
                        + " the data directory.");
        table.row(FILE, PKCS12_FILE, "")
                .describe("PKCS#12 key store with AES keys of 256 bits. Only its owner may have access to it.");
        table.row(TEXT, PKCS12_KEY, "").describe("Alias of the key that wraps. The others in the key store unwrap.");
        table.row(PASSWORD, "saga.encryption.pkcs12.password", "")
                .describe("Password of the key store and its keys. Set it as an environment variable, or name a"
                        + " file that has it in SAGA_ENCRYPTION_PKCS12_PASSWORD_FILE. Never logged.");
        table.row(TEXT, KMS_KEY, "").describe("Id, ARN or alias (alias/NAME) of the KMS key that wraps.");
        table.row(KMS_KEYS, "saga.encryption.kms.previous-keys", "")
                .describe("Ids or ARNs of KMS keys that only unwrap, separated by commas.");
        table.row(URL, "saga.encryption.kms.endpoint", "").describe("URL of KMS. Empty: that of the region.");
        table.row(TEXT, "saga.encryption.kms.region", "").describe("Region of KMS. Empty: saga.s3.region.");
        String credentials = "Credentials for KMS. Empty: the default chain of the AWS SDK (environment, profile,"
                + " instance role).";
        table.row(PASSWORD, "saga.encryption.kms.access-key", "").describe(credentials);
        table.row(PASSWORD, "saga.encryption.kms.secret-key", "").describe(credentials);
        table.row(DURATION, "saga.encryption.kms.timeout", "5s", "100ms", "5m")
                .describe("Limit for one request to KMS.");
    }

    static EncryptionConfig read(SettingsReader read) {
        String region = read.text("saga.encryption.kms.region");
        EncryptionConfig config = new EncryptionConfig(
                read.choice(PROVIDER, Provider.class),
                read.path(KEY_FILE),
                new Pkcs12(read.path(PKCS12_FILE), read.text(PKCS12_KEY), read.text("saga.encryption.pkcs12.password")),
                new Kms(
                        read.text(KMS_KEY),
                        read.kmsKeys("saga.encryption.kms.previous-keys"),
                        read.uri("saga.encryption.kms.endpoint"),
                        region.isEmpty() ? read.text("saga.s3.region") : region,
                        read.text("saga.encryption.kms.access-key"),
                        read.text("saga.encryption.kms.secret-key"),
                        read.duration("saga.encryption.kms.timeout")));
        require(read, config);
        return config;
    }

    private static void require(SettingsReader read, EncryptionConfig config) {
        Provider provider = config.provider();
        if (provider == Provider.KEY_FILE && config.keyFile().isEmpty()) {
            read.refuse(KEY_FILE + " must name a file if " + PROVIDER + " is key-file; create one with"
                    + " \"key-encryption init\"");
        }
        if (provider == Provider.PKCS12
                && (config.pkcs12().file().isEmpty() || config.pkcs12().key().isEmpty())) {
            read.refuse(PKCS12_FILE + " and " + PKCS12_KEY + " must be set if " + PROVIDER + " is pkcs12");
        }
        if (provider == Provider.KMS && config.kms().key().isEmpty()) {
            read.refuse(KMS_KEY + " must be set if " + PROVIDER + " is kms");
        }
        if (config.kms().accessKey().isEmpty() != config.kms().secretKey().isEmpty()) {
            read.refuse(
                    "saga.encryption.kms.access-key and saga.encryption.kms.secret-key must both be set, or neither");
        }
    }
}

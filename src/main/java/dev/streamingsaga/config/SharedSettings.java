package dev.streamingsaga.config;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.spec.KeySpec;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Fingerprints of the settings that all nodes of one journal must share. They are compared through the journal and tell
 * nothing about the values: salted, and slow to guess.
 */
public final class SharedSettings {
    private static final int ITERATIONS = 20_000;
    private static final int BITS = 128;

    private SharedSettings() {}

    /**
     * @param salt differs from journal to journal
     * @param standAlone without a hub: what has no URL is embedded, in the data directory
     * @return by key; what is not set is left out
     */
    public static Map<String, String> fingerprints(SagaConfig config, String salt, boolean standAlone) {
        String embedded = standAlone ? config.dataDir().toString() : "";
        Map<String, String> values = new LinkedHashMap<>();
        ServerConfig servers = config.servers();
        values.put("saga.participants", String.join(",", config.participants()));
        values.put(
                "saga.s3.endpoint, saga.s3.bucket",
                (servers.s3().endpoint().isPresent() ? "" : embedded) + "/"
                        + servers.s3().bucket());
        values.put("saga.chunk.prefix", config.documents().chunk().prefix());
        servers.stores().keySet().stream()
                .filter(config.participants()::contains)
                .forEach(store -> values.put("saga.store." + store + ".url", database(config, store, embedded)));
        values.put("saga.coordinator.secret", servers.coordinator().secret());
        values.put("saga.callback.secret", servers.callback().secret());
        values.values().removeIf(String::isEmpty);
        values.replaceAll((key, value) -> fingerprint(value, salt + key));
        return values;
    }

    /** Of a server only the path counts: each node may know it by another name. */
    private static String database(SagaConfig config, String store, String embedded) {
        Optional<String> url = config.servers().store(store).url();
        if (url.isEmpty()) {
            return embedded.isEmpty() ? "" : "jdbc:sqlite:" + embedded + "/" + store + ".db";
        }
        if (config.servers().store(store).isNeo4j()) {
            return "neo4j:" + config.servers().store(store).name();
        }
        return url.get().replaceFirst("^(jdbc:postgresql:)//[^/?]*", "$1").replaceFirst("[?].*", "");
    }

    private static String fingerprint(String value, String salt) {
        KeySpec key = new PBEKeySpec(value.toCharArray(), salt.getBytes(StandardCharsets.UTF_8), ITERATIONS, BITS);
        try {
            return HexFormat.of()
                    .formatHex(SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                            .generateSecret(key)
                            .getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has PBKDF2 with SHA-256", e);
        }
    }
}

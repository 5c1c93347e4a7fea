package dev.streamingsaga.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The settings that decide who may do what with which documents, without secrets: for the audit log. */
public final class SettingsSummary {
    private SettingsSummary() {}

    /** By key. */
    public static Map<String, String> of(SagaConfig config) {
        EndpointConfig endpoints = config.endpoints();
        EndpointConfig.HttpAuth auth = endpoints.http().auth();
        Map<String, String> values = new LinkedHashMap<>();
        values.put("saga.name", config.name());
        values.put("saga.participants", String.join(",", config.participants()));
        values.put("saga.duplicates", config.documents().source().duplicates().name());
        values.put("saga.source.roots", joined(config.documents().source().roots().stream()));
        values.put("saga.security.owner", config.documents().security().owner());
        values.put("saga.security.classification", config.documents().security().classification());
        values.put("saga.s3.bucket", config.servers().s3().bucket());
        values.put("saga.chunk.prefix", config.documents().chunk().prefix());
        values.put("saga.http.enabled", Boolean.toString(endpoints.http().enabled()));
        values.put("saga.http.host", endpoints.http().host());
        values.put("saga.http.roots", joined(endpoints.http().roots().stream()));
        values.put("saga.http.keys-file", joined(auth.keysFile().stream()));
        values.put("saga.http.oidc.issuer", joined(auth.oidcIssuer().stream()));
        values.put("saga.http.oidc.owners-claim", auth.ownersClaim());
        values.put("saga.http.oidc.classification-claim", auth.classificationClaim());
        values.put("saga.drop.dir", joined(endpoints.drop().dir().stream()));
        values.put("saga.jms.queue", endpoints.jms().isOn() ? endpoints.jms().queue() : "");
        values.values().removeIf(String::isEmpty);
        return values;
    }

    private static String joined(Stream<?> values) {
        List<String> texts = values.map(String::valueOf).collect(Collectors.toList());
        return String.join(",", texts);
    }
}

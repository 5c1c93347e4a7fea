package dev.streamingsaga.deployment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Checks documents against the schemas of Compose and KEDA. */
final class Schemas {
    private static final Path FOLDER = Path.of("src/test/resources/deployment");

    private Schemas() {}

    /** What breaks the Compose specification; empty if nothing does. */
    static List<String> composeProblems(JsonNode file) {
        try {
            JsonNode schema = new ObjectMapper()
                    .readTree(FOLDER.resolve("compose-spec.json").toFile());
            ((ObjectNode) schema).remove("$id"); // no absolute URL, as the validator requires
            return problems(schema, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What breaks the definition of a custom resource, unknown fields included, which a cluster would drop. */
    static List<String> customResourceProblems(JsonNode resource) {
        String plural = resource.path("kind").asText().toLowerCase(Locale.ROOT) + "s";
        JsonNode definition =
                YamlFile.read(FOLDER.resolve("keda.sh_" + plural + ".yaml")).get(0);
        String version = resource.path("apiVersion").asText();
        for (JsonNode offered : definition.at("/spec/versions")) {
            if (version.equals("keda.sh/" + offered.path("name").asText())) {
                JsonNode schema = offered.at("/schema/openAPIV3Schema");
                close(schema);
                return problems(schema, resource);
            }
        }
        return List.of("unknown version " + version);
    }

    private static void close(JsonNode schema) {
        if (schema instanceof ObjectNode object
                && schema.path("properties").isObject()
                && schema.path("type").asText().equals("object")
                && !schema.has("additionalProperties")
                && !schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
            object.put("additionalProperties", false);
        }
        schema.forEach(Schemas::close);
    }

    private static List<String> problems(JsonNode schema, JsonNode document) {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7).getSchema(schema).validate(document).stream()
                .map(ValidationMessage::getMessage)
                .toList();
    }
}

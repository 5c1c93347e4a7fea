package dev.streamingsaga.embedding;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.ServerConfig;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.text.TextCleaner;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates the configured embedder: loads and checks it. */
public final class Embedders {
    private static final Logger LOG = LoggerFactory.getLogger(Embedders.class);

    /** The fastest of the models that are available as a library; the search results of the others are no better. */
    static final String IN_PROCESS_MODEL = "all-minilm-l6-v2-q";

    /** Measured: the best hits of words without a meaning are below, those of questions above. */
    static final float IN_PROCESS_MIN_SIMILARITY = 0.3f;

    private static final int HASH_CHARS = 12;
    private static final int NAME_CHARS = 200;

    private Embedders() {}

    /**
     * @throws ConfigException if a setting that the provider needs is missing, or the dimension differs from that of
     *     the model
     */
    public static Embedder create(ServerConfig.Embedding config) {
        Embedder embedder = load(config);
        if (embedder.dimension() != config.dimension()) {
            embedder.close();
            throw new ConfigException(List.of("saga.embedding.dimension must be %d for model %s, was %d"
                    .formatted(embedder.dimension(), embedder.modelId(), config.dimension())));
        }
        return new ConfiguredEmbedder(
                embedder, languages(config), prefix(config.queryPrefix()), prefix(config.passagePrefix()));
    }

    private static String prefix(String setting) {
        return setting.isBlank() ? "" : setting.strip() + " ";
    }

    private static Set<String> languages(ServerConfig.Embedding config) {
        if (!config.languages().isEmpty()) {
            return Set.copyOf(config.languages());
        }
        return Set.of(config.provider() == ServerConfig.EmbeddingProvider.IN_PROCESS ? "en" : Embedder.EVERY_LANGUAGE);
    }

    private static Embedder load(ServerConfig.Embedding config) {
        try {
            return switch (config.provider()) {
                case IN_PROCESS -> inProcess(config);
                case ONNX -> onnx(config);
                case HTTP -> http(config);
            };
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot read the embedding model or its tokenizer (provider %s)".formatted(config.provider()), e);
        }
    }

    private static Embedder inProcess(ServerConfig.Embedding config) throws IOException {
        try (InputStream model = resource(IN_PROCESS_MODEL + ".onnx");
                InputStream tokenizer = resource(IN_PROCESS_MODEL + "-tokenizer.json")) {
            byte[] onnx = model.readAllBytes();
            return OnnxEmbedder.load(
                    IN_PROCESS_MODEL,
                    (environment, options) -> environment.createSession(onnx, options),
                    new HuggingFaceTokenCounter(tokenizer),
                    config.threads());
        }
    }

    private static InputStream resource(String name) {
        InputStream found = Embedders.class.getClassLoader().getResourceAsStream(name);
        if (found == null) {
            throw new IllegalStateException(("%s is not on the class path: add langchain4j-embeddings-%s,"
                            + " or set saga.embedding.provider to onnx or http")
                    .formatted(name, IN_PROCESS_MODEL));
        }
        return found;
    }

    private static Embedder onnx(ServerConfig.Embedding config) throws IOException {
        Path model = required("saga.embedding.onnx-model", config.onnxModel());
        Path tokenizer = required("saga.embedding.onnx-tokenizer", config.onnxTokenizer());
        OnnxEmbedder embedder = OnnxEmbedder.load(
                modelId(model),
                (environment, options) -> environment.createSession(model.toString(), options),
                tokens(tokenizer),
                config.threads());
        requireFit(embedder);
        if (embedder.modelId().toLowerCase(Locale.ROOT).contains("e5")
                && (config.queryPrefix().isBlank() || config.passagePrefix().isBlank())) {
            LOG.warn(
                    "the model {} seems to be one of E5, which need saga.embedding.query-prefix=query: and"
                            + " saga.embedding.passage-prefix=passage:",
                    embedder.modelId());
        }
        return embedder;
    }

    /** A tokenizer of another model may have tokens that the model does not have. */
    private static void requireFit(OnnxEmbedder embedder) {
        try {
            embedder.embed(List.of("A first text: 你好, Ünïcödé!"));
        } catch (SagaException | IllegalArgumentException e) {
            embedder.close();
            throw new ConfigException(
                    List.of("saga.embedding.onnx-tokenizer does not fit saga.embedding.onnx-model: the"
                            + " model " + embedder.modelId() + " cannot read its tokens (" + e.getMessage() + ", "
                            + e.getCause() + ")"));
        }
    }

    private static Embedder http(ServerConfig.Embedding config) throws IOException {
        required("saga.embedding.url", config.url());
        required("saga.embedding.model", Optional.of(config.model()).filter(model -> !model.isEmpty()));
        if (!config.apiKey().matches("[!-~]*")) {
            // The client would reject it too, but with the key in its message.
            throw new ConfigException(List.of("saga.embedding.api-key must be visible ASCII characters"));
        }
        Optional<Path> tokenizer = config.onnxTokenizer();
        return new HttpEmbedder(config, tokenizer.isPresent() ? tokens(tokenizer.get()) : EstimatedTokenCounter.OF_512);
    }

    private static <T> T required(String key, Optional<T> value) {
        return value.orElseThrow(
                () -> new ConfigException(List.of(key + " must be set for this saga.embedding.provider")));
    }

    private static HuggingFaceTokenCounter tokens(Path tokenizerJson) throws IOException {
        try (InputStream in = Files.newInputStream(tokenizerJson)) {
            return new HuggingFaceTokenCounter(in);
        }
    }

    /** Includes a hash, since the file name could refer to another model tomorrow. */
    private static String modelId(Path model) throws IOException {
        try (InputStream in = Files.newInputStream(model)) {
            String name = TextCleaner.line(String.valueOf(model.getFileName()), NAME_CHARS)
                    .replaceFirst("\\.onnx$", "");
            return name + "-" + Sha256.of(in).substring(0, HASH_CHARS);
        }
    }
}

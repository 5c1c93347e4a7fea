package dev.streamingsaga.embedding;

import static dev.streamingsaga.content.ContentFixture.cosine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.content.ContentFixture;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class EmbedderTest {
    private static final String GULLS = "The lighthouse keeper counts gulls on the shore.";

    @TempDir
    static Path dir;

    private static Embedder model;

    @BeforeAll
    static void load() {
        model = Embedders.create(ContentFixture.config().servers().embedding());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void reports_id_dimension_and_token_limit() {
        assertThat(model.modelId()).isEqualTo("all-minilm-l6-v2-q");
        assertThat(model.dimension()).isEqualTo(384);
        assertThat(model.maxTokens()).isEqualTo(128);
        assertThat(model.countTokens("gulls")).isEqualTo(4);
    }

    @Test
    void returns_the_same_vector_alone_and_in_a_batch() {
        List<String> texts = IntStream.range(0, 20)
                .mapToObj(i -> GULLS + " And then, number " + i + ".".repeat(i))
                .toList();
        List<float[]> together = model.embed(texts);
        for (int i = 0; i < texts.size(); i++) {
            assertThat(cosine(
                            together.get(i), model.embed(List.of(texts.get(i))).get(0)))
                    .isGreaterThan(0.999);
            assertThat(cosine(together.get(i), together.get(i))).isBetween(0.9999, 1.0001);
        }
    }

    @Test
    void places_texts_of_similar_meaning_closer_together() {
        float[] question = model.embedQuery("Who looks at seabirds by the sea?");
        List<float[]> answers = model.embed(List.of(
                GULLS,
                "The invoice was paid twice by the accounting department.",
                "A compiler translates source code into machine instructions."));
        assertThat(cosine(question, answers.get(0)))
                .isGreaterThan(cosine(question, answers.get(1)) + 0.2)
                .isGreaterThan(cosine(question, answers.get(2)) + 0.2);
    }

    @Test
    void rejects_a_text_that_is_too_long() {
        assertThatThrownBy(() -> model.embed(List.of("gulls ".repeat(127))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("takes 128");
        assertThat(model.embed(List.of("gull ".repeat(60)))).hasSize(1);
    }

    @Test
    void loads_a_model_and_a_tokenizer_from_files() throws IOException {
        Path onnx = copy("all-minilm-l6-v2-q.onnx", "my model.onnx");
        Path tokenizer = copy("all-minilm-l6-v2-q-tokenizer.json", "tokenizer.json");
        try (Embedder own = Embedders.create(ContentFixture.config(
                        "saga.embedding.provider",
                        "onnx",
                        "saga.embedding.onnx-model",
                        onnx.toString(),
                        "saga.embedding.onnx-tokenizer",
                        tokenizer.toString())
                .servers()
                .embedding())) {
            assertThat(own.modelId()).matches("my model-[0-9a-f]{12}");
            assertThat(own.embedQuery(GULLS)).isEqualTo(model.embedQuery(GULLS));
        }
    }

    @Test
    void refuses_a_tokenizer_of_another_model() throws IOException {
        Path onnx = copy("all-minilm-l6-v2-q.onnx", "other.onnx");
        Path tokenizer = Files.writeString(
                dir.resolve("other.json"),
                "{\"version\":\"1.0\",\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":\"WordLevel\","
                        + "\"vocab\":{\"[UNK]\":40000},\"unk_token\":\"[UNK]\"}}");

        assertThatThrownBy(() -> Embedders.create(ContentFixture.config(
                                "saga.embedding.provider",
                                "onnx",
                                "saga.embedding.onnx-model",
                                onnx.toString(),
                                "saga.embedding.onnx-tokenizer",
                                tokenizer.toString())
                        .servers()
                        .embedding()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("saga.embedding.onnx-tokenizer does not fit saga.embedding.onnx-model");
    }

    @Test
    void puts_the_prefixes_before_passages_and_queries() {
        try (Embedder prefixed = Embedders.create(ContentFixture.config(
                        "saga.embedding.query-prefix",
                        "query:",
                        "saga.embedding.passage-prefix",
                        "passage: ",
                        "saga.embedding.languages",
                        "en,de")
                .servers()
                .embedding())) {
            assertThat(prefixed.embedQuery(GULLS)).isEqualTo(model.embedQuery("query: " + GULLS));
            assertThat(prefixed.embed(List.of(GULLS)).get(0))
                    .isEqualTo(model.embed(List.of("passage: " + GULLS)).get(0));
            assertThat(prefixed.countTokens(GULLS)).isEqualTo(model.countTokens("passage: " + GULLS));
            assertThat(prefixed.modelId()).startsWith(model.modelId()).isNotEqualTo(model.modelId());
            assertThat(List.of("en", "de", "")).allMatch(prefixed::knows);
            assertThat(prefixed.knows("fr")).isFalse();
        }
    }

    @Test
    void knows_english_if_it_is_the_built_in_model() {
        assertThat(model.knows("en")).isTrue();
        assertThat(model.knows("")).isTrue();
        assertThat(model.knows("de")).isFalse();
    }

    private static Path copy(String resource, String name) throws IOException {
        try (InputStream in = EmbedderTest.class.getClassLoader().getResourceAsStream(resource)) {
            Files.copy(in, dir.resolve(name));
        }
        return dir.resolve(name);
    }

    @Test
    void rejects_a_dimension_that_differs_from_the_model() {
        assertThatThrownBy(() -> Embedders.create(ContentFixture.config("saga.embedding.dimension", "768")
                        .servers()
                        .embedding()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("saga.embedding.dimension must be 384")
                .hasMessageContaining("was 768");
    }

    @Test
    void names_the_missing_setting() {
        assertThatThrownBy(() -> Embedders.create(ContentFixture.config("saga.embedding.provider", "onnx")
                        .servers()
                        .embedding()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("saga.embedding.onnx-model");
        assertThatThrownBy(() -> Embedders.create(ContentFixture.config("saga.embedding.provider", "http")
                        .servers()
                        .embedding()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("saga.embedding.url");
    }
}

package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("one-jdk")
class FormerBucketTest {
    @Test
    void the_content_of_a_document_comes_from_the_bucket_that_holds_it(@TempDir Path directory) throws Exception {
        byte[] content = "The keeper counted his gulls.".getBytes(StandardCharsets.UTF_8);
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory, Map.of("saga.http.enabled", "true"))) {
            Answer stored = client(saga).put("keeper.txt", content, "Prefer", "wait=100");
            assertThat(stored.status()).isEqualTo(200);

            saga.restart(Map.of("saga.s3.bucket", "another-bucket"));
            Answer read = client(saga)
                    .get("/api/documents/" + stored.json().path("documentId").asText() + "/content");

            assertThat(read.status()).isEqualTo(200);
            assertThat(read.response().body()).isEqualTo(content);
        }
    }

    private static ApiClient client(StreamingSagaFixture saga) {
        return new ApiClient(saga.application().address().orElseThrow());
    }
}

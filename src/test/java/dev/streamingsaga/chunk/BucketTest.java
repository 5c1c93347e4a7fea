package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class BucketTest {
    @Test
    void an_entity_tag_has_no_quotes_and_is_not_weak() {
        assertThat(Bucket.etag("\"5d41402a\"")).contains("5d41402a");
        assertThat(Bucket.etag("5d41402a-2")).contains("5d41402a-2");
        assertThat(Bucket.etag("W/\"5d41402a\"")).isEmpty();
        assertThat(Bucket.etag("\"\"")).isEmpty();
        assertThat(Bucket.etag(null)).isEmpty();
    }
}

package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.ChunkFixture.CHUNK;
import static dev.streamingsaga.chunk.ChunkFixture.config;
import static dev.streamingsaga.chunk.ChunkFixture.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.journal.ChunkRow;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;

class CompensateUploadTest {
    @TempDir
    Path dir;

    private ChunkFixture fixture;
    private RecordingRun run;

    @BeforeEach
    void upload() throws Exception {
        fixture = new ChunkFixture(dir.resolve("data"), config());
        run = fixture.run(file(dir, 3 * CHUNK), "s1");
        fixture.upload(run);
        fixture.send("manifest", run, null);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void deletes_everything_below_the_prefix_and_nothing_else() {
        put(run.document().keyPrefix() + "stray");
        String neighbour = run.document().keyPrefix().replace("/s1/", "/s2/") + "chunk-000000";
        put(neighbour);

        assertThat(fixture.compensate(facts())).isEmpty();

        assertThat(fixture.store().keys("saga/")).containsExactly(neighbour);
    }

    @Test
    void needs_no_run_and_no_key_prefix_and_may_be_repeated() {
        Map<String, Object> facts = Map.of("sagaId", "s1", "documentId", "doc-s1");

        assertThat(fixture.compensate(facts)).isEmpty();
        assertThat(fixture.compensate(facts)).isEmpty();

        assertThat(fixture.keys(run)).isEmpty();
    }

    @Test
    void FP_22_one_chunk_that_cannot_be_deleted_is_residue_and_the_rest_is_gone() {
        String stuck = run.chunks().get(1).key();
        fixture.faults.refuseDeleting(stuck::equals);

        assertThat(fixture.compensate(facts())).containsExactly(stuck);

        assertThat(fixture.keys(run)).containsExactly(stuck);
    }

    @Test
    void FP_24_with_the_server_gone_every_known_key_is_residue() {
        Map<String, Object> facts = facts();
        facts.put("keys", run.chunks().stream().map(ChunkRow::key).toList());
        fixture.stopServer();

        assertThat(fixture.compensate(facts))
                .containsAll(run.chunks().stream().map(ChunkRow::key).toList())
                .contains(run.document().keyPrefix()); // the manifest, which no key names, may be there as well
    }

    @Test
    void rejects_a_prefix_that_does_not_belong_to_the_saga() {
        Map<String, Object> facts = facts();
        facts.put("keyPrefix", "saga/");

        assertThatThrownBy(() -> fixture.compensate(facts)).hasRootCauseInstanceOf(IllegalArgumentException.class);
        assertThat(fixture.keys(run)).hasSize(4);
    }

    @Test
    void never_deletes_a_given_key_outside_the_prefix() {
        put("saga/other/s9/chunk-000000");
        Map<String, Object> facts = facts();
        facts.put("keys", List.of("saga/other/s9/chunk-000000"));

        assertThat(fixture.compensate(facts)).isEmpty();

        assertThat(fixture.store().keys("saga/")).containsExactly("saga/other/s9/chunk-000000");
    }

    private Map<String, Object> facts() {
        return new HashMap<>(run.document().facts());
    }

    private void put(String key) {
        fixture.s3.putObject(
                p -> p.bucket(fixture.config.servers().s3().bucket()).key(key), RequestBody.fromString("x"));
    }
}

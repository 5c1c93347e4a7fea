package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.ServerConfig.VectorIndex;
import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import dev.streamingsaga.testkit.PostgresServer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** Random vectors, of which every tenth belongs to a document that is not visible. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HnswIndexTest {
    private static final int SEGMENTS = 10_000;
    private static final int TOP = 10;
    private static final int QUESTIONS = 20;
    private static final double RECALL = 0.9;
    private static final Model MODEL = new Model("it's a model", 32);

    private final PostgresStores server = new PostgresStores(PostgresServer::pglite);
    private final Random random = new Random(7);
    private StoreFixture fixture;
    private JdbcTemplate sql;

    @BeforeAll
    void fill(@TempDir Path folder) throws Exception {
        Map<String, String> settings = new HashMap<>(server.emptied());
        settings.put("saga.participants", "vector");
        fixture = new StoreFixture(folder, settings, new WordVectors(MODEL.id(), MODEL.dimension()));
        sql = fixture.sql("vector");
        sql.update(
                "insert into vector_document (saga_id, document_id, run, file_name, model, dimension, segments, visible)"
                        + " select 'saga-' || i, 'doc-' || i, 1, 'a', ?, ?, 1, least(i, 1) from generate_series(0, 9) i",
                MODEL.id(),
                MODEL.dimension());
        sql.execute("select setseed(0.5)");
        sql.update(
                "insert into vector_segment (saga_id, document_id, run, page, ordinal, text, model, dimension, vector)"
                        + " select 'saga-' || i % 10, 'doc-' || i % 10, 1, 1, i, repeat('text ', 100), ?, ?,"
                        + " (select array_agg(random() - 0.5) from generate_series(1, ?) where i = i)::vector"
                        + " from generate_series(1, ?) i",
                MODEL.id(), MODEL.dimension(), MODEL.dimension(), SEGMENTS);
        sql.execute("vacuum analyze vector_segment");
    }

    @AfterAll
    void stop() throws Exception {
        if (fixture != null) {
            fixture.close();
        }
        server.close();
    }

    private float[] question() {
        float[] vector = new float[MODEL.dimension()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = random.nextFloat() - 0.5f;
        }
        return vector;
    }

    @ParameterizedTest
    @EnumSource(names = {"HNSW", "HNSW_HALFVEC"})
    void creates_an_index_that_the_query_uses_and_finds_nearly_what_the_exact_search_finds(VectorIndex setting) {
        HnswIndex index = HnswIndex.of(setting, MODEL).orElseThrow();
        new HnswIndexes(sql.getDataSource(), setting).create();
        new HnswIndexes(sql.getDataSource(), setting).create();

        String plan = String.join(
                "\n",
                sql.queryForList(
                        "explain "
                                + PostgresSegmentIndex.nearestVisible(
                                        index, PostgresSegmentIndex.MIN_NEAREST, DocumentFilter.NONE),
                        String.class,
                        VectorFormat.text(question()),
                        TOP));
        assertThat(plan).contains("Index Scan using " + index.name());

        SegmentIndex exact = new PostgresSegmentIndex(sql, VectorIndex.EXACT);
        SegmentIndex indexed = new PostgresSegmentIndex(sql, setting);
        int found = 0;
        for (int i = 0; i < QUESTIONS; i++) {
            float[] question = question();
            List<SegmentKey> nearest = indexed.nearest(MODEL, question, TOP, DocumentFilter.NONE);
            assertThat(nearest).hasSize(TOP).noneMatch(key -> key.sagaId().equals("saga-0"));
            found += (int) exact.nearest(MODEL, question, TOP, DocumentFilter.NONE).stream()
                    .filter(nearest::contains)
                    .count();
        }
        double recall = (double) found / (QUESTIONS * TOP);
        assertThat(recall).as("recall@10").isGreaterThanOrEqualTo(RECALL);
    }

    @Test
    void builds_an_index_again_whose_build_failed() {
        HnswIndex index = HnswIndex.of(VectorIndex.HNSW, MODEL).orElseThrow();
        HnswIndexes indexes = new HnswIndexes(sql.getDataSource(), VectorIndex.HNSW);
        indexes.create();
        sql.update("update pg_index set indisvalid = false where indexrelid = to_regclass(?)", index.name());

        indexes.create();

        assertThat(sql.queryForList(
                        "select indisvalid from pg_index where indexrelid = to_regclass(?)",
                        Boolean.class,
                        index.name()))
                .containsExactly(true);
    }

    @ParameterizedTest
    @EnumSource(names = "HNSW")
    void searches_all_vectors_when_too_many_of_the_nearest_are_not_visible(VectorIndex setting) {
        new HnswIndexes(sql.getDataSource(), setting).create();
        float[] question = question();
        sql.update("update vector_document set visible = 0 where saga_id <> 'saga-1'");
        try {
            List<SegmentKey> nearest =
                    new PostgresSegmentIndex(sql, setting).nearest(MODEL, question, 50, DocumentFilter.NONE);

            assertThat(nearest)
                    .hasSize(50)
                    .isEqualTo(new PostgresSegmentIndex(sql, VectorIndex.EXACT)
                            .nearest(MODEL, question, 50, DocumentFilter.NONE));
        } finally {
            sql.update("update vector_document set visible = 1 where saga_id <> 'saga-0'");
        }
    }
}

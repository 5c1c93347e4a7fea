package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.content.TextContent;
import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.crash.CrashMatrix.Result;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.store.Stores;
import dev.streamingsaga.store.VectorSearch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Runs a sample in each build, and all kills with {@code -Pcrash-matrix}. {@code -Dcrash.kills=N} changes the size of
 * the sample, {@code -Dcrash.minutes=M} starts no kill after that time, {@code -Dcrash.skip=N} skips the first N kills,
 * {@code -Dcrash.phases=FIRST,RESUME} selects phases, {@code -Dcrash.replay=SEED} repeats one kill that a violation
 * printed.
 */
@Tag("own-jvm")
class CrashMatrixTest {
    private static final int SAMPLE = 16;

    private static CrashMatrix matrix;

    @BeforeAll
    static void record() throws Exception {
        Path directory = Path.of("target", "crash-matrix").toAbsolutePath();
        if (Files.exists(directory)) {
            Lane.remove(directory);
        }
        matrix = new CrashMatrix(directory, Integer.getInteger("crash.lanes", 2));
        matrix.record(CrashMatrixTest::isWanted);
    }

    private static boolean isWanted(Phase phase) {
        String phases = System.getProperty("crash.phases", "");
        return phases.isEmpty() || List.of(phases.split(",")).contains(phase.name());
    }

    @Test
    void fp34_ends_complete_or_fully_compensated_wherever_it_is_killed() throws Exception {
        List<Kill> kills = kills();

        List<Result> results =
                matrix.run(kills, Instant.now().plus(Duration.ofMinutes(Integer.getInteger("crash.minutes", 600))));

        System.out.println(MatrixReport.table(matrix.points(), results));
        assertThat(results.stream()
                        .filter(result -> !result.violations().isEmpty())
                        .map(result -> result.kill().seed())
                        .toList())
                .as("violations; replay each with -Dcrash.replay=SEED")
                .isEmpty();
        // A point that a run does not reach proves nothing: most points must be reached.
        assertThat(results.stream().filter(Result::reached).count()).isGreaterThanOrEqualTo(results.size() * 9L / 10);
        if (System.getProperty("crash.replay") == null
                && System.getProperty("crash.phases") == null
                && System.getProperty("crash.skip") == null) {
            assertThat(kills.stream().map(kill -> kill.point().kind()).collect(Collectors.toSet()))
                    .isEqualTo(matrix.kinds());
            assertThat(kills.stream().map(Kill::phase).collect(Collectors.toSet()))
                    .containsExactlyInAnyOrder(Phase.values());
            assertThat(results).as("killed twice in a row").anyMatch(result -> result.deaths() == 2);
        }
    }

    private static List<Kill> kills() {
        String replay = System.getProperty("crash.replay", "");
        if (!replay.isEmpty()) {
            return List.of(matrix.replay(replay));
        }
        int wanted = Integer.getInteger("crash.kills", SAMPLE);
        List<Kill> kills = Boolean.getBoolean("crash.matrix") ? matrix.all() : matrix.sample(wanted);
        return kills.stream()
                .filter(kill -> isWanted(kill.phase()))
                .skip(Integer.getInteger("crash.skip", 0))
                .toList();
    }

    /** Code that no longer reports to the probe would otherwise just be missing from the matrix. */
    @Test
    void every_kind_of_side_effect_is_recorded() {
        if (isWanted(Phase.DROP)) {
            assertThat(matrix.points().get(Phase.DROP)).extracting(Point::kind).contains("journal", "drop");
        }
        assertThat(matrix.points().get(Phase.FIRST))
                .extracting(Point::kind)
                .contains(
                        "journal",
                        "s3",
                        "security",
                        "vector",
                        "graph",
                        "relational",
                        "coordinator",
                        "callback",
                        "report");
    }

    @Test
    void fp39_repeats_no_embedding_batch_that_is_stored() throws Exception {
        Path data = matrix.lane().prepare(Phase.RESUME);
        List<String> before = Oracle.rows(
                data, "vector", "SELECT id || ' ' || run || ' ' || ordinal FROM vector_segment ORDER BY id");
        assertThat(Oracle.rows(data, "vector", "SELECT visible FROM vector_document"))
                .as("half a document")
                .containsExactly("0");
        assertThat(search(data)).isEmpty();

        End end = matrix.lane().run(data, Map.of(), "recover");

        assertThat(end.exit()).as("%s", end.log()).isZero();
        assertThat(before).hasSize(2);
        assertThat(Oracle.rows(
                        data,
                        "vector",
                        "SELECT id || ' ' || run || ' ' || ordinal FROM vector_segment WHERE run = 1 ORDER BY id"))
                .as("rows of the killed run, untouched")
                .isEqualTo(before);
        assertThat(Oracle.count(data, "vector", "vector_segment WHERE run = 2"))
                .as("batches left")
                .isPositive();
        assertThat(Oracle.rows(
                        data, "journal", "SELECT state || ' ' || run || ' ' || (resumed_bytes = size_bytes) FROM saga"))
                .as("completed by the second run, no byte sent again")
                .containsExactly("COMPLETED 2 1");
        assertThat(Oracle.rows(data, "vector", "SELECT visible FROM vector_document"))
                .containsExactly("1");
        assertThat(search(data)).isNotEmpty();
        Lane.remove(data);
    }

    /** Searches for words of the document while no application is running. */
    private static List<VectorSearch.Hit> search(Path data) throws Exception {
        SagaConfig config = Settings.parse(ChildJvm.settings(data, Map.of()));
        try (CamelContext context = new DefaultCamelContext();
                TextContent content = TextContent.create(
                        config.documents().content(),
                        config.servers().embedding(),
                        config.dataDir().resolve("spool"));
                Stores stores = Stores.open(
                        config,
                        context,
                        content,
                        run -> DocumentSource.of(run.document().path()))) {
            return stores.search().orElseThrow().search("lighthouse keeper", 10);
        }
    }
}

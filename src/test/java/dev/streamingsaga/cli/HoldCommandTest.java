package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code hold}, beside the process that uses the data directory. */
@Timeout(120)
@Tag("one-jdk")
class HoldCommandTest {
    private static Call call(StreamingSagaFixture saga, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        saga.settings().forEach((key, value) -> all.addAll(List.of("-D", key + "=" + value)));
        return Call.of(all);
    }

    @Test
    void a_hold_is_placed_listed_and_released(@TempDir Path directory) throws Exception {
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory, Map.of())) {
            IngestResult document = saga.ingest(saga.text("a.txt", 5));
            String id = document.documentId();
            assertThat(call(saga, "hold", "list").out()).contains("no legal hold is in force");

            Call placed = call(saga, "hold", "add", "--document", id, "--reason", "case 7", "--json");
            assertThat(placed.code()).as(placed.err()).isZero();
            assertThat(placed.line().path("placedBy").asText()).isEqualTo(System.getProperty("user.name"));
            String hold = placed.line().path("id").asText();
            Call refused = call(saga, "delete", id, "--reason", "tidy", "--json");
            assertThat(refused.code()).isEqualTo(Main.USAGE);
            assertThat(refused.err()).contains("legal hold " + hold, "case 7");
            assertThat(call(saga, "hold", "list").out()).contains(hold, "document " + id, "case 7");

            assertThat(call(saga, "hold", "remove", hold, "--reason", "closed").out())
                    .contains("released", "closed");
            assertThat(call(saga, "hold", "list").out()).doesNotContain(hold);
            assertThat(call(saga, "hold", "list", "--all").out()).contains(hold);
            Call deleted = call(saga, "delete", id, "--reason", "tidy", "--json");
            assertThat(deleted.code()).as(deleted.err()).isZero();
        }
    }

    @Test
    void errors_say_what_is_missing(@TempDir Path directory) throws Exception {
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory, Map.of())) {
            assertError(call(saga, "hold"), "add, remove or list");
            assertError(call(saga, "hold", "add", "--owner", "tax"), "--reason");
            assertError(call(saga, "hold", "add", "--reason", "x"), "either --document ID or --owner NAME");
            assertError(call(saga, "hold", "add", "--owner", "a,b", "--reason", "x"), "without comma");
            assertError(call(saga, "hold", "add", "--document", "nosuch", "--reason", "x"), "nosuch");
            assertError(call(saga, "hold", "remove", "nosuch", "--reason", "x"), "hold list shows them");
        }
    }

    private static void assertError(Call call, String text) {
        assertThat(call.code()).as(call.out()).isEqualTo(Main.USAGE);
        assertThat(call.err()).contains(text);
    }
}

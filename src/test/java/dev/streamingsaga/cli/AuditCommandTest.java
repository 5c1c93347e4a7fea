package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code audit}, and what the command line writes to the log, while an instance works in the same data directory. */
@Tag("one-jdk")
@Timeout(120)
class AuditCommandTest {
    @TempDir
    Path directory;

    private StreamingSagaFixture service;

    @BeforeEach
    void start() throws Exception {
        service = StreamingSagaFixture.start(directory, Map.of());
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private Call saga(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        service.settings().forEach((key, value) -> all.add("-D" + key + "=" + value));
        return Call.of(all);
    }

    @Test
    void the_command_line_is_recorded_and_a_check_finds_what_was_changed() throws Exception {
        String documentId = service.ingest(service.text("keeper.txt", 20)).documentId();
        assertThat(saga("fetch", documentId, "-o", directory.resolve("copy.txt").toString())
                        .code())
                .isZero();
        assertThat(saga("search", "keeper").code()).isZero();

        Call fetches = saga("audit", "--json", "--document", documentId, "--action", "FETCH");
        JsonNode fetch = fetches.line();
        assertThat(fetch.path("actorKind").asText()).isEqualTo("OS_USER");
        assertThat(fetch.path("actor").asText()).isEqualTo(System.getProperty("user.name"));
        assertThat(fetch.path("details").path("surface").asText()).isEqualTo("cli");
        assertThat(saga("audit", "--json", "--action", "search").line().toString())
                .doesNotContain("keeper");
        assertThat(saga("audit", "--json", "--action", "INGEST")
                        .line()
                        .path("details")
                        .path("file")
                        .asText())
                .isEqualTo("keeper.txt");
        assertThat(saga("audit", "--json", "--action", "OUTCOME")
                        .line()
                        .path("documentId")
                        .asText())
                .isEqualTo(documentId);
        assertThat(saga("audit", "--since", "2999-01-01").out()).isEmpty();
        assertThat(saga("audit", "--limit", "1").out().lines()).hasSize(1);
        Call clean = saga("audit", "--check", "--json");
        assertThat(clean.code()).isZero();
        String newest = clean.line().path("newest").asText();
        assertThat(saga("audit", "--check", "--anchor", newest).code()).isZero();
        assertThat(saga("audit", "--check", "--anchor", "1:" + "f".repeat(64)).code())
                .isOne();

        service.execute(
                "journal",
                "UPDATE audit_entry SET actor = 'somebody' WHERE seq = "
                        + fetch.path("sequence").asLong());

        Call changed = saga("audit", "--check");
        assertThat(changed.code()).isOne();
        assertThat(changed.out())
                .contains("CHANGED  entry " + fetch.path("sequence").asLong() + " was changed");
    }

    @Test
    void wrong_options_say_what_is_allowed() {
        assertThat(saga("audit", "--since", "yesterday"))
                .returns(2, Call::code)
                .satisfies(call -> assertThat(call.err()).contains("2026-03-01"));
        assertThat(saga("audit", "--check", "--anchor", "1"))
                .returns(2, Call::code)
                .satisfies(call -> assertThat(call.err()).contains("SEQUENCE:HASH"));
        assertThat(saga("ingest", "--classification", "secret", "x").err())
                .contains("public, internal, confidential, restricted");
    }
}

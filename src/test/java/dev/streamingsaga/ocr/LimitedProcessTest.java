package dev.streamingsaga.ocr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class LimitedProcessTest {
    private final AtomicInteger signs = new AtomicInteger();

    private String run(Duration cpu, String input, String... command) throws IOException {
        return new LimitedProcess(List.of(command), cpu)
                .run(in -> in.write(input.getBytes(StandardCharsets.UTF_8)), signs::incrementAndGet);
    }

    /** Of this process, from other test classes. */
    private final Set<ProcessHandle> before = ProcessHandle.current().children().collect(Collectors.toSet());

    private void assertNoChildren() {
        assertThat(ProcessHandle.current()
                        .children()
                        .filter(child -> !before.contains(child))
                        .filter(child -> child.info()
                                .command()
                                .filter(name -> name.endsWith("sh") || name.endsWith("yes"))
                                .isPresent()))
                .allSatisfy(child -> assertThat(child.onExit()).succeedsWithin(Duration.ofSeconds(30)));
    }

    @Test
    void returns_what_the_program_writes() throws IOException {
        assertThat(run(Duration.ofSeconds(10), "Möwe\n".repeat(50_000), "cat")).isEqualTo("Möwe\n".repeat(50_000));
    }

    @Test
    void kills_a_program_that_computes_too_long() {
        assertThatThrownBy(() -> run(Duration.ofMillis(300), "", "sh", "-c", "while :; do :; done"))
                .isInstanceOf(RecognitionException.class)
                .hasMessageContaining("processor time");
        assertThat(signs).hasPositiveValue();
        assertNoChildren();
    }

    @Test
    void ends_a_program_that_writes_too_much() {
        assertThatThrownBy(() -> run(Duration.ofMinutes(1), "", "yes"))
                .isInstanceOf(RecognitionException.class)
                .hasMessageContaining("wrote more than");
        assertNoChildren();
    }

    @Test
    void reports_a_program_that_fails() {
        assertThatThrownBy(() -> run(Duration.ofMinutes(1), "", "false"))
                .isInstanceOf(RecognitionException.class)
                .hasMessageContaining("exit code 1");
    }

    /** As a terminal and systemd do, which signal all processes of a service. */
    @Test
    void a_program_that_is_stopped_from_outside_has_not_failed() {
        // As SIGINT ends it, which a process in the background ignores.
        for (String end : List.of("kill -TERM $$", "exit 130")) {
            assertThatThrownBy(() -> run(Duration.ofMinutes(1), "", "sh", "-c", end))
                    .isInstanceOf(InterruptedIOException.class);
        }
        assertThatThrownBy(() -> run(Duration.ofMinutes(1), "", "sh", "-c", "kill -SEGV $$"))
                .isInstanceOf(RecognitionException.class);
    }

    @Test
    void kills_the_program_when_interrupted() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> run(Duration.ofMinutes(1), "", "sh", "-c", "while :; do :; done"))
                    .isInstanceOf(InterruptedIOException.class);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        assertNoChildren();
    }

    @Test
    void finds_programs_on_the_path_only(@TempDir Path folder) throws IOException {
        Path program = Files.writeString(folder.resolve("tesseract"), "#!/bin/sh\necho eng\n");
        String path = "/nowhere:" + folder;

        assertThat(Programs.find("tesseract", path)).isEmpty();
        assertThat(program.toFile().setExecutable(true)).isTrue();
        assertThat(Programs.find("tesseract", path)).contains(program);
        assertThat(Programs.find("tesseract", "")).isEmpty();
        assertThat(Tesseract.find(List.of("eng", "deu"), Duration.ofSeconds(1), path))
                .hasValueSatisfying(found -> assertThat(found.languages()).containsExactly("eng"));
        assertThat(Tesseract.find(List.of("jpn"), Duration.ofSeconds(1), path)).isEmpty();
        Files.writeString(program, "#!/bin/sh\nexit 3\n");
        assertThat(Tesseract.find(List.of("eng"), Duration.ofSeconds(1), path)).isEmpty();
    }
}

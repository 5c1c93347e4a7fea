package dev.streamingsaga.ocr;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The program {@code tesseract} of this host. Each page runs in a process of its own, with one thread and limits on
 * processor time and output; it is killed with this JVM. Images are passed over standard input: it opens no file of
 * ours, and no shell is involved. Thread-safe.
 */
public final class Tesseract {
    private static final Logger log = LoggerFactory.getLogger(Tesseract.class);

    private static final String PROGRAM = "tesseract";
    private static final Duration QUESTION_CPU = Duration.ofSeconds(20);

    private final List<String> command;
    private final List<String> languages;
    private final Duration pageCpu;

    private Tesseract(List<String> command, List<String> languages, Duration pageCpu) {
        this.command = command;
        this.languages = languages;
        this.pageCpu = pageCpu;
    }

    /**
     * Looks for the program on the {@code PATH} of this process. Empty if it is missing or has none of the languages;
     * the log says which.
     *
     * @param languages wanted, as tesseract names them; those that are not installed are left out
     * @param pageCpu the most processor time for one page
     */
    public static Optional<Tesseract> find(List<String> languages, Duration pageCpu) {
        return find(
                languages, pageCpu, Optional.ofNullable(System.getenv("PATH")).orElse(""));
    }

    static Optional<Tesseract> find(List<String> languages, Duration pageCpu, String path) {
        Optional<Path> program = Programs.find(PROGRAM, path);
        if (program.isEmpty()) {
            log.info("tesseract is not installed: text in images is not recognised");
            return Optional.empty();
        }
        List<String> command = new ArrayList<>();
        // on Linux, the kernel kills it with us, even if we are killed
        Programs.find("setpriv", path)
                .ifPresent(setpriv -> command.addAll(List.of(setpriv.toString(), "--pdeathsig", "KILL")));
        command.add(program.get().toString());
        try {
            List<String> installed = installed(command);
            List<String> usable = languages.stream().filter(installed::contains).toList();
            if (usable.isEmpty()) {
                log.warn(
                        "tesseract has none of the languages {}, but {}: text in images is not recognised",
                        String.join(", ", languages),
                        String.join(", ", installed));
                return Optional.empty();
            }
            Tesseract found = new Tesseract(List.copyOf(command), usable, pageCpu);
            log.info("text in images is recognised by {}", found);
            return Optional.of(found);
        } catch (IOException e) {
            log.warn("{} cannot be used, text in images is not recognised: {}", program.get(), e.getMessage());
            return Optional.empty();
        }
    }

    private static List<String> installed(List<String> command) throws IOException {
        List<String> question = new ArrayList<>(command);
        question.add("--list-langs");
        String answer = new LimitedProcess(question, QUESTION_CPU).run(in -> {}, () -> {});
        return answer.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.contains(" "))
                .toList();
    }

    /** Its version and languages, and its limit for a page: pages read by the same version have the same text. */
    public String version() {
        List<String> question = new ArrayList<>(command);
        question.add("--version");
        try {
            String answer = new LimitedProcess(question, QUESTION_CPU).run(in -> {}, () -> {});
            return answer.lines().findFirst().orElse("") + " " + languages + " " + pageCpu;
        } catch (IOException e) {
            log.warn("{} does not report its version: {}", command.get(command.size() - 1), e.getMessage());
            return "unknown";
        }
    }

    public List<String> languages() {
        return languages;
    }

    /**
     * Returns the text of a page; empty if there is none.
     *
     * @param page 8-bit grey
     * @param dpi its resolution
     * @param alive called now and then while the process works
     * @throws RecognitionException if the process fails or exceeds a limit
     * @throws java.io.InterruptedIOException if this thread was interrupted, or the process was stopped from outside
     */
    public String recognise(BufferedImage page, int dpi, Runnable alive) throws IOException {
        List<String> run = new ArrayList<>(command);
        run.addAll(List.of(
                "stdin", "stdout", "-l", String.join("+", languages), "--dpi", Integer.toString(dpi), "--psm", "3"));
        return new LimitedProcess(run, pageCpu).run(in -> GreyMap.write(page, in), alive);
    }

    @Override
    public String toString() {
        return command.get(command.size() - 1) + ", languages " + String.join(", ", languages);
    }

    static String utf8(byte[] output) {
        return new String(output, StandardCharsets.UTF_8);
    }
}

package dev.streamingsaga.extraction;

import dev.streamingsaga.config.DocumentConfig.Reading;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a worker is started: with the Java and the class path of this process. Neither arguments nor environment contain
 * settings, so no secrets.
 *
 * @param folders where each worker gets a folder for its temporary files
 * @param settings sent through its standard input
 */
record WorkerCommand(List<String> command, Path folders, Map<String, String> settings) {
    private static final Set<String> ENVIRONMENT =
            Set.of("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "TESSDATA_PREFIX");
    private static final long MIB = 1024L * 1024;

    /** @param mainClass ends in {@link Worker#run} */
    static WorkerCommand of(Reading reading, Path folders, Class<?> mainClass) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx" + Math.max(1, reading.memoryBytes() / MIB) + "m",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:+DisplayVMOutputToStderr",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-XX:MaxDirectMemorySize=64m",
                "-Djava.awt.headless=true",
                "-Dfile.encoding=UTF-8",
                // The frames carry the warnings; log lines of parsers would only cost time.
                "-Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider"));
        command.addAll(inherited());
        command.addAll(List.of("-cp", classPath(), mainClass.getName()));
        return new WorkerCommand(List.copyOf(command), folders, settings(reading));
    }

    /** A worker runs in another folder. */
    private static Map<String, String> settings(Reading reading) {
        Map<String, String> settings = new HashMap<>(reading.settings());
        settings.computeIfPresent(
                "saga.content.passwords",
                (key, file) ->
                        file.isEmpty() ? file : Path.of(file).toAbsolutePath().toString());
        return Map.copyOf(settings);
    }

    /** The class archive, and what keeps the JVM from writing about it to standard output. */
    private static List<String> inherited() {
        List<String> options = new ArrayList<>(List.of("-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("-XX:SharedArchiveFile="))
                .forEach(options::add);
        String fonts = System.getProperty("pdfbox.fontcache");
        if (fonts != null) {
            options.add("-Dpdfbox.fontcache=" + fonts);
        }
        return options;
    }

    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    ProcessBuilder builder(Path folder) {
        List<String> all = new ArrayList<>(command);
        all.add(1, "-Djava.io.tmpdir=" + folder);
        all.add(1, "-XX:ErrorFile=" + folder.resolve("hs_err.log"));
        ProcessBuilder builder = new ProcessBuilder(all).directory(folder.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().retainAll(ENVIRONMENT);
        // Messages of the operating system tell a full disk from a damaged document: they must not be translated.
        Optional.ofNullable(environment.remove("LC_ALL")).ifPresent(locale -> environment.put("LC_CTYPE", locale));
        environment.put("LC_MESSAGES", "C");
        return builder;
    }
}

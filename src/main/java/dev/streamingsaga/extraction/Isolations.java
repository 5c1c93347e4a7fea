package dev.streamingsaga.extraction;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.DocumentConfig.IsolationMode;
import dev.streamingsaga.config.DocumentConfig.Reading;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.Isolation;
import dev.streamingsaga.datadir.ProcessFolders;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Arrays;

/** Opens the isolation of an instance. */
public final class Isolations {
    private Isolations() {}

    /**
     * Starts no process yet.
     *
     * @param standAlone whether this process belongs to the instance, and is not a hub
     * @throws ConfigException if processes are configured, but cannot be started with this class path
     */
    public static Isolation open(SagaConfig config, boolean standAlone) {
        Reading reading = config.documents().content().reading();
        Path folders = config.dataDir().resolve("spool").resolve("content");
        ReadingWatch watch = new ReadingWatch();
        InProcessIsolation here = new InProcessIsolation(reading.limits(), watch, () -> ProcessFolders.sizeOf(folders));
        boolean possible = isOnClassPath();
        if (reading.isolation() == IsolationMode.PROCESS && !possible) {
            throw ConfigException.of(
                    config.name() + ".content.isolation=process starts processes with the class path of"
                            + " this one, which does not contain " + WorkerMain.class.getName()
                            + " as a file of its own (an executable jar of Spring Boot?): set it to in-process, or run the"
                            + " application unpacked");
        }
        boolean processes = reading.isolation() == IsolationMode.PROCESS
                || reading.isolation() == IsolationMode.AUTO && standAlone && possible;
        if (!processes) {
            return here;
        }
        WorkerPool workers = new WorkerPool(
                WorkerCommand.of(reading, folders, WorkerMain.class),
                workers(reading, config.concurrency()),
                reading.idle());
        return new WorkerIsolation(reading.limits(), workers, watch, here);
    }

    private static int workers(Reading reading, int concurrency) {
        return reading.workers() > 0
                ? reading.workers()
                : Math.min(concurrency, Runtime.getRuntime().availableProcessors());
    }

    /** Whether another JVM would find our classes, too: they do not come from a jar inside a jar. */
    private static boolean isOnClassPath() {
        CodeSource source = WorkerMain.class.getProtectionDomain().getCodeSource();
        try {
            return source != null
                    && source.getLocation().getProtocol().equals("file")
                    && Files.exists(Path.of(source.getLocation().toURI()))
                    && Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                            .anyMatch(entry -> !entry.isBlank());
        } catch (URISyntaxException | RuntimeException e) {
            return false;
        }
    }
}

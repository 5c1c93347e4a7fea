package dev.streamingsaga.crash;

import dev.streamingsaga.Internals;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.encryption.RotationProgress;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.operations.KeyOperator;
import dev.streamingsaga.operations.RetentionOperator;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.retention.RetentionReport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The process that is killed: the whole application on a data directory. Arguments: {@code ingest FILE...} runs a saga
 * for each file, {@code recover} only finishes open sagas and deletions, {@code delete} deletes the document,
 * {@code start} runs none, {@code rotate} rotates the keys, {@code retain} makes a pass of retention, {@code drop
 * FOLDER} waits until the drop folder is empty, {@code serve FILE} waits until the file exists.
 */
final class CrashChild {
    static final int STUCK = 3;
    private static final int FAILED = 4;
    private static final long LIMIT_MILLIS = 60_000;
    private static final long SERVICE_MILLIS = 120_000;

    private CrashChild() {}

    /** Always halts the JVM: the threads of the coordinator would keep it alive. */
    public static void main(String[] args) {
        try {
            work(args);
        } catch (Exception | Error e) {
            e.printStackTrace(System.out);
            System.out.flush();
            Runtime.getRuntime().halt(FAILED);
        }
    }

    private static void work(String[] args) throws Exception {
        Map<String, String> settings = System.getProperties().stringPropertyNames().stream()
                .filter(key -> key.startsWith("saga."))
                .collect(Collectors.toMap(key -> key, System::getProperty));
        boolean drop = args[0].equals("drop");
        boolean serve = args[0].equals("serve");
        Application application = drop || serve
                ? Application.serve(Settings.parse(settings))
                : Application.start(Settings.parse(settings));
        if (args[0].equals("rotate")) {
            rotate(application.bundle().operator().keys());
        } else if (args[0].equals("retain")) {
            retain(application.bundle().operator().retention());
        } else if (drop) {
            await(() -> !hasFiles(Path.of(args[1])), LIMIT_MILLIS);
        } else if (serve) {
            await(() -> Files.exists(Path.of(args[1])), SERVICE_MILLIS);
        } else if (args[0].equals("delete")) {
            delete(application.bundle().operator());
        } else {
            for (int i = 1; i < args.length; i++) {
                System.out.println(application.bundle().operator().ingest(Path.of(args[i])));
            }
        }
        boolean done = args[0].equals("start") || finished(application);
        System.out.println("FINAL "
                + (System.currentTimeMillis()
                        - ManagementFactory.getRuntimeMXBean().getStartTime()));
        System.out.flush();
        // Halt without a shutdown, like a kill: nothing may depend on an orderly shutdown.
        Runtime.getRuntime().halt(done ? 0 : STUCK);
    }

    private static void rotate(KeyOperator keys) throws Exception {
        keys.rotate();
        await(() -> keys.progress().state() != RotationProgress.State.RUNNING, LIMIT_MILLIS);
        if (keys.progress().state() != RotationProgress.State.DONE) {
            throw new IllegalStateException(keys.progress().toString());
        }
    }

    private static void retain(RetentionOperator retention) throws Exception {
        retention.run();
        await(() -> retention.progress().state() != RetentionReport.State.RUNNING, LIMIT_MILLIS);
        if (retention.progress().state() != RetentionReport.State.DONE) {
            throw new IllegalStateException(retention.progress().toString());
        }
    }

    private static void delete(SagaOperator operator) throws InterruptedException {
        String documentId = operator.documents().get(0).document().orElseThrow().documentId();
        Deletion deletion = operator.delete(documentId, "a test", "tester");
        System.out.println(operator.awaitDeletion(deletion, Duration.ofMillis(LIMIT_MILLIS)));
    }

    private static void await(Callable<Boolean> condition, long millis) throws Exception {
        long limit = System.currentTimeMillis() + millis;
        while (!condition.call() && System.currentTimeMillis() < limit) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static boolean hasFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(Files::isRegularFile);
        }
    }

    private static boolean finished(Application application) throws InterruptedException {
        Internals.recovery(application.bundle())
                .pending()
                .forEach(end -> end.exceptionally(failure -> null).join());
        long limit = System.currentTimeMillis() + LIMIT_MILLIS;
        while (!isFinished(application)) {
            if (System.currentTimeMillis() > limit) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return true;
    }

    private static boolean isFinished(Application application) {
        var journal = Internals.journal(application.bundle());
        return journal.sagas().unfinished().isEmpty()
                && (!System.getProperty("saga.receipts", "off").equals("on")
                        || journal.receipts().due("", 1).isEmpty()
                                && journal.receipts().notCopied(0, 1).isEmpty())
                && journal.versions().outstanding().isEmpty()
                && journal.deletions().newest(1).stream()
                        .allMatch(deletion -> deletion.state().isFinal())
                && journal.cleanups().all().stream()
                        .noneMatch(entry -> entry.state().isOpen())
                && Internals.recovery(application.bundle()).pending().isEmpty();
    }
}

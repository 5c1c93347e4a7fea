package dev.streamingsaga.extraction;

import dev.streamingsaga.datadir.ProcessFolders;
import dev.streamingsaga.extractor.ParsingException;
import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.outage.HostUnavailableException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The worker: reads one document after another for the process that started it. It ends as soon as that process does,
 * whatever the parser is doing.
 */
final class Worker {
    /** As of {@code -XX:+ExitOnOutOfMemoryError}. */
    static final int OUT_OF_MEMORY = 3;

    private static final int BUFFER_BYTES = 64 * 1024;
    private static final long STACK_BYTES = 16L * 1024 * 1024;

    private final DataInputStream in;
    private final DataOutputStream out;
    private final BlockingQueue<Object> documents = new ArrayBlockingQueue<>(1);
    private final BlockingQueue<byte[]> answers = new ArrayBlockingQueue<>(1);

    private Worker(DataInputStream in, DataOutputStream out) {
        this.in = in;
        this.out = out;
    }

    /** Creates extractors from settings. */
    interface Extractors {
        Function<String, Optional<TextExtractor>> create(Map<String, String> settings);
    }

    private record WorkerDocument(String contentType, long size) {}

    /** Never returns: what libraries print goes to standard error, since standard output belongs to the frames. */
    static void run(Extractors extractors) {
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, BUFFER_BYTES));
        System.setOut(System.err);
        endFirst();
        stayUntilKilled();
        Worker worker = new Worker(
                new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in), BUFFER_BYTES)),
                out);
        // Room for the recursion of parsers: the default stack ends at documents that are only unusual.
        new Thread(null, () -> worker.serve(extractors), "reader", STACK_BYTES).start();
        worker.listen();
    }

    /** If the memory of the machine or the container ends, Linux should end this process, not the service. */
    private static void endFirst() {
        try {
            Files.writeString(Path.of("/proc/self/oom_score_adj"), "500");
        } catch (IOException e) {
            // another operating system
        }
    }

    /**
     * A terminal, and systemd, signal all processes of the service at once. The service decides what becomes of the
     * document: a worker that ended by itself would cut its text.
     */
    private static void stayUntilKilled() {
        Thread stay = new Thread(
                () -> {
                    while (true) {
                        LockSupport.park();
                    }
                },
                "stay");
        Runtime.getRuntime().addShutdownHook(stay);
    }

    /** Reads what arrives until the other process ends, even while the parser loops. */
    private void listen() {
        try {
            while (true) {
                int frame = in.readUnsignedByte();
                switch (frame) {
                    case Frames.SETTINGS -> documents.put(readSettings());
                    case Frames.DOCUMENT ->
                        documents.put(new WorkerDocument(Frames.readText(in, Frames.MAX_LINE_CHARS), in.readLong()));
                    case Frames.BYTES -> {
                        byte[] bytes = new byte[Frames.length(in, Frames.MAX_READ_BYTES)];
                        in.readFully(bytes);
                        answers.put(bytes);
                    }
                    default -> throw new Frames.BrokenFrameException("frame " + frame);
                }
            }
        } catch (EOFException e) {
            end(0);
        } catch (IOException | InterruptedException e) {
            System.err.println("the worker ends: " + e);
            end(1);
        }
    }

    private Map<String, String> readSettings() throws IOException {
        Map<String, String> settings = new HashMap<>();
        for (int left = Frames.length(in, Frames.MAX_SETTINGS); left > 0; left--) {
            settings.put(Frames.readText(in, Frames.MAX_LINE_CHARS), Frames.readText(in, Frames.MAX_LINE_CHARS));
        }
        return settings;
    }

    /** Neither shutdown hooks nor parsers can delay it. */
    private static void end(int exit) {
        try {
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            ProcessFolders.delete(Path.of(System.getProperty("java.io.tmpdir")));
        } finally {
            Runtime.getRuntime().halt(exit);
        }
    }

    @SuppressWarnings("unchecked")
    private void serve(Extractors factory) {
        try {
            Function<String, Optional<TextExtractor>> extractors =
                    factory.create((Map<String, String>) documents.take());
            while (true) {
                read((WorkerDocument) documents.take(), extractors);
            }
        } catch (OutOfMemoryError e) {
            end(OUT_OF_MEMORY);
        } catch (Throwable e) {
            e.printStackTrace();
            end(1);
        }
    }

    private void read(WorkerDocument document, Function<String, Optional<TextExtractor>> extractors) throws Exception {
        Optional<TextExtractor> extractor = extractors.apply(document.contentType());
        out.writeByte(Frames.BEGUN);
        out.flush();
        FrameSink sink = new FrameSink(out);
        boolean reusable = true;
        try {
            if (extractor.isPresent()) {
                extractor.get().extract(new RemoteChannel(out, answers, document.size()), sink);
            }
        } catch (HostUnavailableException e) {
            out.writeByte(Frames.UNAVAILABLE);
            Frames.writeLine(out, String.valueOf(e.getMessage()));
            out.flush();
            return;
        } catch (ParsingException e) {
            ReadingFailures.warn(sink, e);
            // After a failed initialization of a class, or deep recursion, libraries may be in any state.
            reusable = !(e.failure() instanceof Error);
        }
        out.writeByte(Frames.END);
        out.writeBoolean(reusable);
        out.flush();
    }
}

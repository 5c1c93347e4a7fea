package dev.streamingsaga.extraction;

import dev.streamingsaga.extractor.CheckedParser;
import dev.streamingsaga.extractor.TextExtractor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** A worker whose parsers do what documents make real ones do, each after it has returned the first page. */
public final class HostileWorkerMain {
    static final String LOOP = "test/loop";
    static final String MEMORY = "test/memory";
    static final String STILL = "test/still";
    static final String DISK = "test/disk";
    static final String CRASH = "test/crash";
    static final String PRINT = "test/print";
    static final String DAMAGED = "test/damaged";
    static final String LARGE = "test/large";
    static final String CHILD = "test/child";
    static final String HEALTHY = "test/healthy";

    private static final Map<String, TextExtractor> EXTRACTORS = Map.of(
            LOOP, HostileWorkerMain::loop,
            MEMORY, HostileWorkerMain::memory,
            STILL, HostileWorkerMain::still,
            DISK, HostileWorkerMain::disk,
            CRASH, HostileWorkerMain::crash,
            PRINT, HostileWorkerMain::print,
            DAMAGED, HostileWorkerMain::damaged,
            LARGE, HostileWorkerMain::large,
            CHILD, HostileWorkerMain::child,
            HEALTHY, HostileWorkerMain::healthy);

    private HostileWorkerMain() {}

    public static void main(String[] args) {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        Worker.run(settings -> type -> Optional.of(new CheckedParser(extractor(type), temporary)));
    }

    static TextExtractor extractor(String type) {
        TextExtractor extractor = EXTRACTORS.get(type);
        return (bytes, text) -> {
            text.pages(2);
            text.text("The first page.");
            text.endPage();
            extractor.extract(bytes, text);
        };
    }

    /** Returns the document as the second page. */
    private static void healthy(SeekableByteChannel bytes, TextExtractor.TextSink text) throws IOException {
        text.about("A title", "An author");
        text.text(new String(Channels.newInputStream(bytes).readAllBytes(), StandardCharsets.UTF_8));
        text.endPage();
    }

    private static void loop(SeekableByteChannel bytes, TextExtractor.TextSink text) {
        long steps = 0;
        while (steps >= 0) {
            steps++;
        }
    }

    private static void memory(SeekableByteChannel bytes, TextExtractor.TextSink text) {
        List<byte[]> all = new ArrayList<>();
        while (all.size() < 1_000_000) {
            all.add(new byte[1 << 20]);
        }
    }

    private static void still(SeekableByteChannel bytes, TextExtractor.TextSink text) throws InterruptedException {
        new CountDownLatch(1).await();
    }

    private static void disk(SeekableByteChannel bytes, TextExtractor.TextSink text) throws Exception {
        Path file = Files.createTempFile("unpacked", ".tmp");
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < 8; i++) {
                out.write(new byte[1 << 20]);
            }
        }
        still(bytes, text);
    }

    private static void crash(SeekableByteChannel bytes, TextExtractor.TextSink text) {
        Runtime.getRuntime().halt(134);
    }

    private static void print(SeekableByteChannel bytes, TextExtractor.TextSink text) throws IOException {
        System.out.println("a library prints");
        healthy(bytes, text);
    }

    private static void damaged(SeekableByteChannel bytes, TextExtractor.TextSink text) throws IOException {
        bytes.read(ByteBuffer.allocate(1));
        throw new IOException("damaged");
    }

    /** Writes 8 MB to a temporary file, then returns the document. */
    private static void large(SeekableByteChannel bytes, TextExtractor.TextSink text) throws IOException {
        Path file = Files.createTempFile("unpacked", ".tmp");
        try {
            Files.write(file, new byte[8 << 20]);
        } finally {
            Files.delete(file);
        }
        healthy(bytes, text);
    }

    /** Starts a program, returns its process id as a page, then crashes. */
    private static void child(SeekableByteChannel bytes, TextExtractor.TextSink text) throws IOException {
        text.text(Long.toString(new ProcessBuilder("sleep", "600").start().pid()));
        text.endPage();
        text.endPage();
        bytes.read(ByteBuffer.allocate(1)); // answered when the page was taken
        Runtime.getRuntime().halt(134);
    }
}

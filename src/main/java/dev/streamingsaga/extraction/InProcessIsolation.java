package dev.streamingsaga.extraction;

import dev.streamingsaga.config.DocumentConfig.ReadingLimits;
import dev.streamingsaga.content.Isolation;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/** Reads documents in threads of this process; of the risky ones, one at a time. */
final class InProcessIsolation implements Isolation {
    private final ReadingLimits limits;
    private final ReadingWatch watch;
    private final LongSupplier temporaryBytes;
    private final Semaphore risky = new Semaphore(1, true);
    private final StuckParsers stuck = new StuckParsers();

    /** @param temporaryBytes size of the temporary files of this process */
    InProcessIsolation(ReadingLimits limits, ReadingWatch watch, LongSupplier temporaryBytes) {
        this.limits = limits;
        this.watch = watch;
        this.temporaryBytes = temporaryBytes;
    }

    @Override
    public TextExtractor isolate(String contentType, TextExtractor extractor) {
        return (bytes, text) -> {
            if (!extractor.isRisky()) {
                extract(extractor, bytes, text, () -> 0);
                return;
            }
            try {
                risky.acquire();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TextSinkClosed("stopped");
            }
            try {
                stuck.requireFew();
                extract(extractor, bytes, text, temporaryBytes);
            } finally {
                risky.release();
            }
        };
    }

    private void extract(TextExtractor extractor, SeekableByteChannel bytes, TextSink text, LongSupplier temporary)
            throws Exception {
        InProcessReading reading =
                new InProcessReading(extractor, bytes, text, ReadingBudget.of(limits, bytes.size()), temporary);
        Runnable unwatch = watch.add(reading);
        try {
            reading.run();
        } finally {
            unwatch.run();
            reading.stuckParser().ifPresent(stuck::add);
        }
    }

    @Override
    public void check() {
        stuck.check();
    }

    @Override
    public void close() {
        watch.close();
    }
}

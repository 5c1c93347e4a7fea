package dev.streamingsaga.journal;

import java.util.List;
import java.util.Optional;

/**
 * One attempt at a saga, held by the process that owns it. Steps find it in the exchange property {@link #PROPERTY}.
 * Every journal write through it is fenced: once the saga is taken over, cancelled or out of time, it throws.
 */
public interface Run {
    /** Exchange property that carries the run through the saga's routes. */
    String PROPERTY = "SagaRun";

    /**
     * Header of a store's answer to a write, a number: how many pieces of the saga it holds from now on, as its
     * {@code -count} counts them.
     */
    String EXPECTED = "SagaExpected";

    String sagaId();

    /** 1 for the first attempt; each resume counts on. */
    int number();

    /** @throws IllegalStateException before the step {@code start} */
    Document document();

    /**
     * Leave to do one side effect (one object written, one batch inserted); to be closed right after it. A compensation
     * waits for open permits and gives no new ones, so that a step writes nothing after its saga was called off.
     *
     * @throws SagaException CANCELLED, TIMEOUT or the reason that called the saga off
     */
    Permit permit();

    /** As {@link #permit()}, without a side effect: throws if the saga is no longer wanted. */
    void check();

    /** How much there is to do is not known before it is done. */
    long UNKNOWN = 0;

    /**
     * Shows how far the running step is; not journaled.
     *
     * @param total or {@link #UNKNOWN}
     * @param unit bytes, pages or segments
     */
    void progress(String step, long done, long total, String unit);

    /**
     * Intent for all chunks, before the first is sent. Replaces what an earlier attempt planned only if nothing was
     * sent.
     */
    void planChunks(List<ChunkRow> chunks);

    /** Before an attempt to send. */
    void chunkSending(int index, int attempt);

    /**
     * After the bucket confirmed.
     *
     * @param etag the entity tag that it answered with
     */
    void chunkSent(int index, Optional<String> etag);

    /** Instead of sending: the bucket confirmed what an earlier run sent, whether that run saw its answer or not. */
    void chunkConfirmed(ChunkRow row);

    /** After verify asked the bucket. */
    void chunksVerified();

    /**
     * The chunk rows by index.
     *
     * @throws SagaException METADATA_CORRUPT if a row's checksum does not fit its content, or rows are missing
     */
    List<ChunkRow> chunks();

    /** Closing it ends the side effect, whether it succeeded or not. */
    interface Permit extends AutoCloseable {
        @Override
        void close();
    }
}

package dev.streamingsaga.journal;

import java.util.List;
import java.util.Optional;

/**
 * One attempt at a saga, in the process that owns it. Steps find it in the exchange property {@link ExchangeKeys#RUN}.
 * Every journal write through it is fenced: once the saga is taken over, cancelled or past its time limit, it throws.
 */
public interface Run {
    String sagaId();

    /** 1 for the first attempt; each resume adds one. */
    int number();

    /** @throws IllegalStateException before the step {@code start} */
    Document document();

    /**
     * Acquires a permit for one side effect (one object written, one batch inserted); close it right afterwards. A
     * compensation waits for open permits and issues no new ones, so that a step writes nothing after its run was
     * revoked.
     *
     * @throws SagaException CANCELLED, TIMEOUT or the reason why the run was revoked
     */
    Permit permit();

    /** As {@link #permit()}, without a side effect: throws if the run was revoked or is past its time limit. */
    void check();

    /** The total is not known in advance. */
    long UNKNOWN = 0;

    /**
     * Reports the progress of the running step; not journaled.
     *
     * @param total or {@link #UNKNOWN}
     * @param unit bytes, pages or segments
     */
    void progress(String step, long done, long total, String unit);

    /**
     * Journals all chunks before the first is sent. Replaces the plan of an earlier attempt only if that sent nothing.
     */
    void planChunks(List<ChunkRow> chunks);

    /**
     * Journals that an attempt to send the chunk begins.
     *
     * @param form the object that the attempt sends; empty if it has the chunk's own bytes
     */
    void chunkSending(int index, int attempt, Optional<StoredForm> form);

    /**
     * Journals that the bucket has confirmed the chunk.
     *
     * @param etag the entity tag that the bucket returned
     */
    void chunkSent(int index, Optional<String> etag);

    /**
     * Journals, instead of sending, that the bucket has confirmed a chunk of an earlier run, whether or not that run
     * received the answer.
     */
    void chunkConfirmed(ChunkRow row);

    /**
     * Whether the file is still needed: until the step {@code verify} has checked all chunks, in this run or an earlier
     * one. From then on its bytes come from the bucket, and the file may change or disappear.
     */
    boolean needsSource();

    /** Journals that the step {@code verify} has checked all chunks in the bucket. */
    void chunksVerified();

    /**
     * The chunk rows by index.
     *
     * @throws SagaException METADATA_CORRUPT if a row's checksum does not match its content, or rows are missing
     */
    List<ChunkRow> chunks();

    /**
     * Journals what is missing or uncertain about the document's text, before the step that found it ends. Replaces all
     * earlier warnings of the saga.
     */
    void warned(List<Warning> warnings);

    /** The journaled warnings of the saga, in order. */
    List<Warning> warnings();

    /** Whether it repairs a completed document, which stays completed whatever is found about its text. */
    default boolean isRepair() {
        return false;
    }

    /**
     * Journals the result of reading the document's text, before the last of it is stored. Does nothing if the journal
     * already has the same result.
     */
    void textRead(TextOutcome outcome);

    /**
     * Journals that the result of an earlier reading no longer counts: the text is read again, and split differently.
     */
    void forgetText();

    /** The result of reading its text, in this run or an earlier one; empty if no reading has ended yet. */
    Optional<TextOutcome> textOutcome();

    /** Closing it ends the side effect, whether it succeeded or not. */
    interface Permit extends AutoCloseable {
        @Override
        void close();
    }
}

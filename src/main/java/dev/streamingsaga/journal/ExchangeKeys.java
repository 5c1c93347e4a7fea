package dev.streamingsaga.journal;

/** Exchange properties and message headers that several packages share. */
public final class ExchangeKeys {
    /** Exchange property: the {@link Run} whose steps the exchange executes. */
    public static final String RUN = "SagaRun";

    /** Exchange property with the {@code Digests} of the source; without it, upload computes them. */
    public static final String DIGESTS = "SagaDigests";

    /**
     * Exchange property with the {@code ReceivedBody} that was written to the source; while that file is unchanged, its
     * digests are used and the file is not read for them.
     */
    public static final String RECEIVED_BODY = "SagaReceivedBody";

    /**
     * Exchange property, a Boolean: an earlier run computed the digests. Chunks that are already in the bucket are then
     * compared with the source; the bucket compares those that this run sends.
     */
    public static final String DIGESTS_OF_EARLIER_RUN = "SagaDigestsOfEarlierRun";

    /**
     * Header of a store's answer to a write, a number: how many pieces of the saga the store now holds, as its
     * {@code -count} route counts them.
     */
    public static final String EXPECTED = "SagaExpected";

    /** Header of the answer to a compensation: why pieces remain, as the store reported it; absent if it did not. */
    public static final String RESIDUE_REASON = "SagaResidueReason";

    private ExchangeKeys() {}
}

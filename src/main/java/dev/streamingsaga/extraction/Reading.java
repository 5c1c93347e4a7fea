package dev.streamingsaga.extraction;

/** One document that is being read for the thread that created this object. Used by that thread and the watch. */
abstract class Reading implements ReadingCosts, ReadingWatch.Watched {
    private final ReadingMeter meter;
    private final Exchanges exchanges;
    private final Thread caller = Thread.currentThread();

    Reading(ReadingBudget budget, Exchanges exchanges) {
        this.exchanges = exchanges;
        this.meter = new ReadingMeter(budget, this, ReadingWatch.TICK);
    }

    @Override
    public final ReadingMeter meter() {
        return meter;
    }

    @Override
    public final Thread caller() {
        return caller;
    }

    @Override
    public final long exchanges() {
        return exchanges.count();
    }

    @Override
    public final boolean isWaiting() {
        return exchanges.isWaiting();
    }
}

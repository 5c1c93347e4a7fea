package dev.streamingsaga.extraction;

import java.time.Duration;

/** What reading a document has cost so far. Called by another thread than the one that reads. */
interface ReadingCosts {
    /** Processor time of the process or thread that reads, since it exists. Does not decrease. */
    Duration cpuTime();

    /** Processor time that shows that something is happening: also that of programs which the parser has started. */
    Duration activity();

    long temporaryBytes();

    /** Changes whenever the parser gets or returns something. */
    long exchanges();

    /** Whether the parser has to wait: for bytes of the document, or until its text is accepted. */
    boolean isWaiting();
}

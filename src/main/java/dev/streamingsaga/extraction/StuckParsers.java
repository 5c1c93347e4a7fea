package dev.streamingsaga.extraction;

import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.outage.HostUnavailableException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Threads of parsers that did not end when they were stopped. Thread-safe. */
final class StuckParsers {
    /** With as many of them, no further risky document is read: each may take a processor and memory for good. */
    static final int LIMIT = 2;

    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    void add(Thread parser) {
        threads.add(parser);
    }

    private boolean areTooMany() {
        threads.removeIf(parser -> !parser.isAlive());
        return threads.size() >= LIMIT;
    }

    /** @throws ReadingStopped if too many parsers are stuck */
    void requireFew() {
        if (areTooMany()) {
            throw new ReadingStopped(
                    WarningCode.NO_READER, "", "it was not read because " + problem() + "; it is not searchable");
        }
    }

    /** @throws HostUnavailableException if too many parsers are stuck */
    void check() {
        if (areTooMany()) {
            throw new HostUnavailableException("documents are stored without text because " + problem());
        }
    }

    private static String problem() {
        return LIMIT + " parsers do not stop; restart this process, or set saga.content.isolation=process";
    }
}

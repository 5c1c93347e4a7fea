package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent.ProgressListener;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.StoreNames;
import java.util.Optional;

/** Reports how far a document was read and embedded, and journals the result of reading its text. */
final class TextProgress implements ProgressListener {
    private final Run run;
    private final Optional<Outline> known;
    private Outline outline = Outline.EMPTY;

    /** @param known the result of an earlier reading */
    TextProgress(Run run, Optional<Outline> known) {
        this.run = run;
        this.known = known;
    }

    /** What counts for all stores: the earlier outline, unless this reading came less far. */
    Outline outline() {
        return outline;
    }

    @Override
    public void textRead(Outline read) {
        outline = known.filter(earlier -> earlier.cutAfter().isPresent() && read.segments() >= earlier.segments())
                .orElse(read);
        OutlineCache.journal(run, outline);
    }

    /**
     * Reports segments for a text without pages: as a single page it would stay at 0 % to the end, and the number of
     * its segments is not known in advance.
     */
    @Override
    public void report(long pagesDone, long pagesTotal, long segmentsDone) {
        run.check();
        if (pagesTotal > 1) {
            run.progress(StoreNames.VECTOR, pagesDone, pagesTotal, "pages");
        } else {
            run.progress(StoreNames.VECTOR, segmentsDone, Run.UNKNOWN, "segments");
        }
    }
}

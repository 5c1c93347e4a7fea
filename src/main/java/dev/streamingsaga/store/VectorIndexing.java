package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.database.Databases.Dialect;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/** Creates the missing indexes of vectors and words of a database, on a thread of its own. */
final class VectorIndexing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VectorIndexing.class);
    /** After which the HNSW index of a model that is new in the database is created. */
    private static final Duration PAUSE = Duration.ofMinutes(5);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

    private final StoreDatabase database;
    private final WordIndexBuilder words;
    private final ClassificationBuilder classifications;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    private VectorIndexing(StoreDatabase database, DocumentContent content, DocumentRecords records) {
        this.database = database;
        this.words = new WordIndexBuilder(database, content, records, this::isStopped);
        this.classifications = new ClassificationBuilder(database, records, this::isStopped);
        thread = new Thread(this::run, database.config().id("vector-index"));
        thread.setDaemon(true);
    }

    static VectorIndexing start(StoreDatabase database, DocumentContent content, DocumentRecords records) {
        VectorIndexing indexing = new VectorIndexing(database, content, records);
        indexing.thread.start();
        return indexing;
    }

    private void run() {
        try {
            if (database.dialect() == Dialect.SQLITE) {
                new SketchBuilder(database.queries(), this::isStopped).buildMissing();
                words.buildMissing();
                classifications.buildMissing();
                return;
            }
            HnswIndexes indexes = new HnswIndexes(
                    database.opened().dataSource(), database.config().servers().vectorIndex());
            while (!isStopped()) {
                words.buildMissing(); // again and again: a process of an older version may still write
                classifications.buildMissing();
                indexes.create();
                if (stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (DataAccessException e) {
            LOG.warn(
                    "cannot build the missing indexes; until then search compares with all vectors and finds words"
                            + " with the old index; the next start tries again",
                    e);
        }
    }

    private boolean isStopped() {
        return stop.getCount() == 0;
    }

    /** Waits for the statement that is running, but not for a whole index. */
    @Override
    public void close() {
        stop.countDown();
        try {
            if (database.dialect() == Dialect.SQLITE) {
                thread.join(STOP_LIMIT.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.streamingsaga.embedded;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.operations.SagaCommands;
import dev.streamingsaga.operations.SagaReader;
import java.time.Clock;

/** Access to journal, bucket and stores while another process uses them: no lock, no coordinator, no saga. */
public final class Inspection implements AutoCloseable {
    private final Databases.OpenDatabase database;
    private final InspectedStorage storage;
    private final SagaReader reader;
    private final SagaCommands commands;

    private Inspection(SagaConfig config) {
        this.database = Databases.open("journal", config.servers().journal(), config.dataDir());
        Journal journal = new Journal(database.dataSource(), Clock.systemUTC(), "inspection");
        this.storage = new InspectedStorage(config, journal);
        this.reader = new SagaReader(journal, storage, Access.commandLine());
        this.commands = new SagaCommands(journal, Access.commandLine());
    }

    /** Opens the journal now, bucket and stores when they are first used. */
    public static Inspection open(SagaConfig config) {
        return new Inspection(config);
    }

    /**
     * Opens all now.
     *
     * @throws UnavailableException if a database or the embedded S3 server cannot be opened
     */
    public static Inspection openAll(SagaConfig config) {
        try {
            Inspection inspection = open(config);
            try {
                inspection.storage.open();
                return inspection;
            } catch (Exception e) {
                inspection.close();
                throw e;
            }
        } catch (Exception e) {
            throw new UnavailableException("cannot open journal, bucket and stores: " + e.getMessage(), e);
        }
    }

    /** Reads whatever other processes do. Not thread-safe. */
    public SagaReader reader() {
        return reader;
    }

    /** Commands for the process that owns a saga. */
    public SagaCommands commands() {
        return commands;
    }

    @Override
    public void close() {
        storage.close();
        database.close();
    }
}

package dev.streamingsaga.store;

import dev.streamingsaga.config.ServerConfig.VectorIndex;
import dev.streamingsaga.store.SegmentIndex.Model;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Creates the configured HNSW indexes that are missing. Writes and searches continue meanwhile. */
final class HnswIndexes {
    private static final Logger LOG = LoggerFactory.getLogger(HnswIndexes.class);
    /** Of the advisory locks of the server. */
    private static final long LOCK = 0x5361_6761_686e_7377L;

    private final DataSource dataSource;
    private final VectorIndex setting;

    HnswIndexes(DataSource dataSource, VectorIndex setting) {
        this.dataSource = dataSource;
        this.setting = setting;
    }

    boolean isConfigured() {
        return setting != VectorIndex.EXACT;
    }

    /**
     * Creates an index for each model that has vectors, and waits until it is built. Does nothing if another process is
     * creating them. A failure is only logged, since searches are correct without an index.
     */
    void create() {
        if (!isConfigured()) {
            return;
        }
        try (Connection connection = dataSource.getConnection()) {
            int timeout = connection.getNetworkTimeout();
            connection.setNetworkTimeout(Runnable::run, 0);
            try {
                createAlone(new JdbcTemplate(new SingleConnectionDataSource(connection, true)));
            } finally {
                connection.setNetworkTimeout(Runnable::run, timeout);
            }
        } catch (SQLException | DataAccessException e) {
            LOG.warn("cannot create the HNSW index of saga.vector.index; search compares with every vector", e);
        }
    }

    /** Does not wait for the lock: a waiting statement would itself be waited for by CREATE INDEX CONCURRENTLY. */
    private void createAlone(JdbcTemplate session) {
        if (!Boolean.TRUE.equals(session.queryForObject("select pg_try_advisory_lock(?)", Boolean.class, LOCK))) {
            LOG.info("another process creates the HNSW indexes");
            return;
        }
        try {
            models(session).stream()
                    .flatMap(model -> HnswIndex.of(setting, model).stream())
                    .forEach(index -> create(session, index));
        } finally {
            session.queryForObject("select pg_advisory_unlock(?)", Boolean.class, LOCK);
        }
    }

    private static List<Model> models(JdbcTemplate session) {
        return session.query(
                "select distinct model, dimension from vector_document where segments > 0",
                (row, number) -> new Model(row.getString(1), row.getInt(2)));
    }

    /** An index that is not valid is what remains of a build that was interrupted. */
    private static void create(JdbcTemplate session, HnswIndex index) {
        List<Boolean> valid = session.queryForList(
                "select indisvalid from pg_index where indexrelid = to_regclass(?)", Boolean.class, index.name());
        if (valid.contains(true)) {
            return;
        }
        if (!valid.isEmpty()) {
            session.execute("drop index concurrently " + index.name());
        }
        LOG.info(
                "creating the index {} of the vectors of {}",
                index.name(),
                index.model().id());
        session.execute(index.create());
        LOG.info("created the index {}", index.name());
    }
}

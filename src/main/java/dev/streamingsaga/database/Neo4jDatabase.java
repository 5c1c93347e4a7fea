package dev.streamingsaga.database;

import dev.streamingsaga.config.ServerConfig.Database;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.neo4j.driver.AuthToken;
import org.neo4j.driver.AuthTokens;
import org.neo4j.driver.Config;
import org.neo4j.driver.Driver;
import org.neo4j.driver.GraphDatabase;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.TransactionConfig;
import org.neo4j.driver.async.AsyncSession;
import org.neo4j.driver.async.AsyncTransaction;
import org.neo4j.driver.exceptions.ServiceUnavailableException;

/**
 * A Neo4j server as the database of one store, over Bolt: connection pool and transactions. Contains no queries of the
 * store. Thread-safe.
 *
 * <p>The scheme of the URL decides about TLS ({@code +s}: with certificates that the Java runtime trusts) and routing
 * ({@code neo4j}: to the leader of a cluster). The driver never repeats a transaction: the steps of a saga do.
 */
public final class Neo4jDatabase implements AutoCloseable {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    /** A connection that was idle for longer is tested before use, since its server may have been restarted. */
    private static final Duration TRUSTED_IDLE_TIME = Duration.ofSeconds(2);

    private final String role;
    private final Database settings;
    private final Driver driver;

    private Neo4jDatabase(String role, Database settings) {
        this.role = role;
        this.settings = settings;
        this.driver = GraphDatabase.driver(URI.create(settings.url().orElseThrow()), token(settings), config(settings));
    }

    /**
     * Connects, and creates the constraints and indexes that are missing.
     *
     * @param role the store, for the probe
     * @throws RuntimeException if the server does not answer or refuses; nothing stays open then
     */
    public static Neo4jDatabase open(String role, Database settings) {
        Neo4jDatabase database = new Neo4jDatabase(role, settings);
        try {
            Neo4jSchema.create(database);
            return database;
        } catch (RuntimeException e) {
            database.close();
            throw e;
        }
    }

    /**
     * Connects and returns the names of the constraints and indexes that the next start creates. Changes nothing.
     *
     * @throws RuntimeException if the server does not answer or refuses
     */
    public static List<String> inspect(String role, Database settings) {
        try (Neo4jDatabase database = new Neo4jDatabase(role, settings)) {
            return Neo4jSchema.missing(database);
        }
    }

    private static AuthToken token(Database settings) {
        return settings.user().isEmpty() && settings.password().isEmpty()
                ? AuthTokens.none()
                : AuthTokens.basic(settings.user(), settings.password());
    }

    private static Config config(Database settings) {
        long limit = settings.timeout().toMillis();
        return Config.builder()
                .withMaxConnectionPoolSize(settings.poolSize())
                .withConnectionAcquisitionTimeout(limit, TimeUnit.MILLISECONDS)
                .withConnectionTimeout(Math.min(limit, CONNECT_LIMIT.toMillis()), TimeUnit.MILLISECONDS)
                .withConnectionLivenessCheckTimeout(TRUSTED_IDLE_TIME.toMillis(), TimeUnit.MILLISECONDS)
                .withUserAgent("streaming-saga")
                .withTelemetryDisabled(true)
                .build();
    }

    /**
     * Runs {@code work} in one transaction, and commits it unless it throws.
     *
     * @throws RuntimeException what {@code work} throws; {@link ServiceUnavailableException} if an answer takes longer
     *     than the time-out of the settings; the driver's exception for all else
     */
    public <T> T inTransaction(Function<Neo4jTransaction, T> work) {
        AsyncSession session = driver.session(AsyncSession.class, session());
        try {
            AsyncTransaction opened = await(session.beginTransactionAsync(
                    TransactionConfig.builder().withTimeout(settings.timeout()).build()));
            Neo4jTransaction transaction = new Neo4jTransaction(this, role, opened);
            T result = work.apply(transaction);
            transaction.commit();
            return result;
        } finally {
            // Rolls back what was not committed. Not awaited: the server may be the reason why this ends.
            session.closeAsync();
        }
    }

    /** @throws RuntimeException if the server does not answer or refuses */
    public void ping() {
        inTransaction(transaction -> transaction.read("RETURN 1", Map.of()));
    }

    private SessionConfig session() {
        SessionConfig.Builder session = SessionConfig.builder();
        if (!settings.name().isEmpty()) {
            session.withDatabase(settings.name());
        }
        return session.build();
    }

    <T> T await(CompletionStage<T> answer) {
        try {
            return answer.toCompletableFuture().get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new ServiceUnavailableException(
                    "Neo4j at " + settings.url().orElseThrow() + " did not answer within "
                            + settings.timeout().toMillis() + " ms",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for Neo4j", e);
        }
    }

    @Override
    public void close() {
        try {
            driver.closeAsync().toCompletableFuture().get(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // The server is gone, and with it the connections.
        }
    }
}

package dev.streamingsaga.outage;

import dev.streamingsaga.encryption.KeyException;
import dev.streamingsaga.encryption.KeyServiceUnavailableException;
import dev.streamingsaga.http.HttpStatusException;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.ShutdownException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * Decides for every failure of a bucket, database, broker, coordinator, key service or other server whether it is
 * transient: another attempt may succeed without anybody's help. Everything that is not listed here is permanent.
 * {@code docs/failures.md} has the rules as a table.
 */
public final class TransientFailures {
    /** Reasons whose cause decides; any other reason is a decision of ours, which another attempt would repeat. */
    private static final Set<Reason> OPEN =
            EnumSet.of(Reason.STORE_FAILED, Reason.MAX_RETRIES_EXCEEDED, Reason.COORDINATOR_UNAVAILABLE);

    private static final Set<String> THROTTLED =
            Set.of("SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "RequestTimeTooSkewed");

    /** Classes of SQLSTATE: connection, operator intervention, transaction rollback, insufficient resources. */
    private static final List<String> TRANSIENT_STATES = List.of("08", "57P", "40", "53");

    /** Within these classes: the disk of the server is full, its limits are too low, or a statement was cancelled. */
    private static final Set<String> PERMANENT_STATES = Set.of("53100", "53400", "40002");

    /** Result codes of SQLite: the lower byte of BUSY and LOCKED. */
    private static final Set<Integer> SQLITE_BUSY = Set.of(5, 6);

    private static final Pattern CAMEL_HTTP_STATUS = Pattern.compile("statusCode: (\\d{3})");
    private static final int MAX_CAUSES = 32;
    private static final int MAX_DETAIL_CHARS = 300;

    private TransientFailures() {}

    /** The outage behind a failure; empty if the failure is permanent. */
    public static Optional<Outage> outage(Throwable failure) {
        List<Throwable> chain = Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
                .limit(MAX_CAUSES)
                .toList();
        if (chain.stream().anyMatch(TransientFailures::isFinal)) {
            return Optional.empty();
        }
        return chain.stream()
                .map(TransientFailures::classify)
                .flatMap(Optional::stream)
                .findFirst()
                .flatMap(Function.identity());
    }

    private static boolean isFinal(Throwable cause) {
        return cause instanceof SagaException known && !OPEN.contains(known.reason())
                || cause instanceof ShutdownException
                || cause instanceof InterruptedException
                || cause instanceof AbortedException
                || cause instanceof Error;
    }

    /** @return nothing if this exception decides nothing; an empty inner value if it is permanent */
    private static Optional<Optional<Outage>> classify(Throwable cause) {
        if (cause instanceof KeyException key) {
            return Optional.of(when(key instanceof KeyServiceUnavailableException, Dependency.KEY_SERVICE, key));
        }
        if (cause instanceof HostUnavailableException) {
            return Optional.of(Optional.of(outage(Dependency.HOST, cause)));
        }
        if (cause instanceof AwsServiceException answer) {
            return Optional.of(when(isTransient(answer), Dependency.BUCKET, answer));
        }
        if (cause instanceof SdkClientException client) {
            return Optional.of(when(isTransient(client), Dependency.BUCKET, client));
        }
        if (cause instanceof SQLException sql) {
            return Optional.of(when(isTransient(sql), Dependency.DATABASE, sql));
        }
        if (cause instanceof HttpStatusException answer) {
            return Optional.of(when(isTransient(answer.status()), Dependency.SERVER, answer));
        }
        if (cause.getClass().getName().endsWith(".HttpOperationFailedException")) {
            return Optional.of(when(isTransientHttp(String.valueOf(cause.getMessage())), Dependency.SERVER, cause));
        }
        if (cause.getClass().getName().startsWith("jakarta.jms.")) {
            return Optional.of(Optional.of(outage(Dependency.BROKER, cause)));
        }
        if (cause.getClass().getName().startsWith("org.neo4j.driver.exceptions.")) {
            return Optional.of(when(Neo4jFailures.isTransient(cause), Dependency.DATABASE, cause));
        }
        if (cause instanceof SagaException known && known.reason() == Reason.COORDINATOR_UNAVAILABLE) {
            return Optional.of(when(isTransientAnswer(known), Dependency.COORDINATOR, known));
        }
        return isNetwork(cause) ? Optional.of(Optional.of(outage(Dependency.SERVER, cause))) : Optional.empty();
    }

    /** A coordinator that refuses the secret or the host is configured wrongly: no later attempt succeeds. */
    private static boolean isTransientAnswer(SagaException unavailable) {
        Throwable cause = unavailable.getCause();
        return cause instanceof HttpStatusException answer ? isTransient(answer.status()) : cause != null;
    }

    private static boolean isTransient(AwsServiceException answer) {
        String code = answer.awsErrorDetails() == null
                ? ""
                : String.valueOf(answer.awsErrorDetails().errorCode());
        return isTransient(answer.statusCode()) || THROTTLED.contains(code);
    }

    private static boolean isTransient(SdkClientException client) {
        return client instanceof ApiCallTimeoutException
                || client instanceof ApiCallAttemptTimeoutException
                || client.retryable()
                || client.getCause() instanceof IOException;
    }

    /** 501 and 505 are about the request, and 507 needs somebody who makes room. */
    private static boolean isTransient(int status) {
        return status == 408
                || status == 425
                || status == 429
                || status >= 500 && status != 501 && status != 505 && status != 507;
    }

    /** Of Camel's HTTP component, which a hub may not have: its message contains the status. */
    private static boolean isTransientHttp(String message) {
        Matcher status = CAMEL_HTTP_STATUS.matcher(message);
        return status.find() && isTransient(Integer.parseInt(status.group(1)));
    }

    private static boolean isTransient(SQLException sql) {
        if (sql.getClass().getName().startsWith("org.sqlite.")) {
            return SQLITE_BUSY.contains(sql.getErrorCode() & 0xff);
        }
        String state = String.valueOf(sql.getSQLState());
        return sql instanceof SQLTransientException
                || sql instanceof SQLRecoverableException
                || TRANSIENT_STATES.stream().anyMatch(state::startsWith) && !PERMANENT_STATES.contains(state)
                || String.valueOf(sql.getMessage()).contains("Connection is closed");
    }

    private static boolean isNetwork(Throwable cause) {
        return cause instanceof ConnectException
                || cause instanceof NoRouteToHostException
                || cause instanceof UnknownHostException
                || cause instanceof SocketException
                || cause instanceof SocketTimeoutException
                || cause instanceof ClosedChannelException
                || cause.getClass().getName().startsWith("java.net.http.Http")
                || cause instanceof IOException && isBrokenConnection(String.valueOf(cause.getMessage()));
    }

    private static boolean isBrokenConnection(String message) {
        String text = message.toLowerCase(Locale.ROOT);
        return Stream.of(
                        "connection reset",
                        "broken pipe",
                        "goaway",
                        "header parser received no bytes",
                        "premature eof",
                        "premature end of")
                .anyMatch(text::contains);
    }

    private static Optional<Outage> when(boolean isTransient, Dependency dependency, Throwable cause) {
        return isTransient ? Optional.of(outage(dependency, cause)) : Optional.empty();
    }

    /** Of the answer of a server, which may be of any length, only the beginning is kept. */
    private static Outage outage(Dependency dependency, Throwable cause) {
        String message = cause.getMessage();
        String line = message == null
                ? cause.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
        return new Outage(dependency, line.substring(0, Math.min(line.length(), MAX_DETAIL_CHARS)));
    }
}

package dev.streamingsaga.outage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.streamingsaga.http.HttpStatusException;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.ShutdownException;
import jakarta.jms.JMSException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.file.NoSuchFileException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.neo4j.driver.exceptions.AuthenticationException;
import org.neo4j.driver.exceptions.ClientException;
import org.neo4j.driver.exceptions.Neo4jException;
import org.neo4j.driver.exceptions.SecurityException;
import org.neo4j.driver.exceptions.ServiceUnavailableException;
import org.neo4j.driver.exceptions.SessionExpiredException;
import org.neo4j.driver.exceptions.TransientException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.S3Exception;

@Tag("unit")
class TransientFailuresTest {
    @ParameterizedTest
    @CsvSource({
        "08000, true",
        "08003, true",
        "08006, true",
        "57P01, true",
        "57P02, true",
        "57P03, true",
        "40001, true",
        "40P01, true",
        "53300, true",
        "53200, true",
        "53100, false",
        "40002, false",
        "57014, false",
        "23505, false",
        "42P01, false",
        "22001, false"
    })
    void the_sql_state_decides(String state, boolean expected) {
        assertThat(TransientFailures.outage(new SQLException("no", state)).isPresent())
                .isEqualTo(expected);
    }

    static Stream<Arguments> failuresOfNeo4j() {
        return Stream.of(
                arguments(new ServiceUnavailableException("Connection to the database terminated."), true),
                arguments(new SessionExpiredException("the server is no leader any more"), true),
                arguments(new TransientException("Neo.TransientError.Transaction.DeadlockDetected", "deadlock"), true),
                arguments(
                        new ClientException("Neo.ClientError.Transaction.TransactionTimedOut", "it took too long"),
                        true),
                arguments(
                        new ClientException("Unable to acquire connection from the pool within configured maximum"),
                        true),
                arguments(new AuthenticationException("Neo.ClientError.Security.Unauthorized", "unauthorized"), false),
                arguments(new ClientException("Neo.ClientError.Schema.ConstraintValidationFailed", "exists"), false),
                arguments(new SecurityException("General SSLEngine problem", new IllegalStateException()), false));
    }

    @ParameterizedTest
    @MethodSource("failuresOfNeo4j")
    void the_driver_of_neo4j_says_what_may_be_tried_again(Neo4jException failure, boolean expected) {
        assertThat(TransientFailures.outage(new IllegalStateException(failure)).map(Outage::dependency))
                .isEqualTo(expected ? Optional.of(Dependency.DATABASE) : Optional.empty());
    }

    @Test
    void a_pool_that_has_no_connection_in_time_is_transient() {
        Exception failure = new DataAccessResourceFailureException(
                "cannot get a connection", new SQLTransientConnectionException("pool: request timed out"));

        assertThat(TransientFailures.outage(failure))
                .contains(new Outage(Dependency.DATABASE, "pool: request timed out"));
    }

    @Test
    void a_closed_connection_is_transient() {
        assertThat(TransientFailures.outage(new SQLException("Connection is closed")))
                .isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "SQLITE_BUSY, true",
        "SQLITE_LOCKED, true",
        "SQLITE_BUSY_SNAPSHOT, true",
        "SQLITE_FULL, false",
        "SQLITE_CORRUPT, false",
        "SQLITE_CONSTRAINT, false"
    })
    void of_sqlite_only_locks_are_transient(SQLiteErrorCode code, boolean expected) {
        assertThat(TransientFailures.outage(new SQLiteException("no", code)).isPresent())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "408, true",
        "429, true",
        "500, true",
        "502, true",
        "503, true",
        "504, true",
        "400, false",
        "401, false",
        "403, false",
        "404, false",
        "501, false",
        "507, false"
    })
    void the_status_of_an_http_server_decides(int status, boolean expected) {
        SagaException model = new SagaException(Reason.STORE_FAILED, "model failed", new HttpStatusException(status));
        HttpOperationFailedException camel =
                new HttpOperationFailedException("http://store", status, "", null, null, null);
        SagaException coordinator =
                new SagaException(Reason.COORDINATOR_UNAVAILABLE, "cannot join", new HttpStatusException(status));

        assertThat(TransientFailures.outage(model).isPresent()).isEqualTo(expected);
        assertThat(TransientFailures.outage(camel).isPresent()).isEqualTo(expected);
        assertThat(TransientFailures.outage(coordinator).isPresent()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "503, SlowDown, true",
        "400, RequestTimeout, true",
        "500, InternalError, true",
        "403, AccessDenied, false",
        "404, NoSuchBucket, false",
        "507, InsufficientStorage, false"
    })
    void the_answer_of_the_bucket_decides(int status, String code, boolean expected) {
        Exception answer = S3Exception.builder()
                .statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).build())
                .build();

        assertThat(TransientFailures.outage(new RuntimeException(answer)).map(Outage::dependency))
                .isEqualTo(expected ? java.util.Optional.of(Dependency.BUCKET) : java.util.Optional.empty());
    }

    @Test
    void a_bucket_that_does_not_answer_is_down_and_missing_credentials_are_a_mistake() {
        assertThat(TransientFailures.outage(ApiCallTimeoutException.create(5000)))
                .isPresent();
        assertThat(TransientFailures.outage(
                        SdkClientException.create("no connection", new ConnectException("refused"))))
                .isPresent();
        assertThat(TransientFailures.outage(SdkClientException.create("no credentials")))
                .isEmpty();
    }

    @Test
    void chunks_that_used_up_their_attempts_failed_for_a_transient_reason() {
        Exception failure = new SagaException(
                Reason.MAX_RETRIES_EXCEEDED,
                "cannot write",
                S3Exception.builder().statusCode(503).build());

        assertThat(TransientFailures.outage(failure).map(Outage::dependency)).contains(Dependency.BUCKET);
    }

    @Test
    void a_coordinator_that_does_not_answer_is_down_and_a_foreign_lra_id_is_a_mistake() {
        assertThat(TransientFailures.outage(new SagaException(
                                Reason.COORDINATOR_UNAVAILABLE, "cannot begin", new TimeoutException()))
                        .map(Outage::dependency))
                .contains(Dependency.COORDINATOR);
        assertThat(TransientFailures.outage(new SagaException(Reason.COORDINATOR_UNAVAILABLE, "foreign id")))
                .isEmpty();
    }

    @Test
    void broken_connections_and_unknown_hosts_are_transient() {
        assertThat(TransientFailures.outage(new ConnectException("refused"))).isPresent();
        assertThat(TransientFailures.outage(new UnknownHostException("store"))).isPresent();
        assertThat(TransientFailures.outage(new SocketException("Connection reset")))
                .isPresent();
        assertThat(TransientFailures.outage(new HttpTimeoutException("no answer")))
                .isPresent();
        assertThat(TransientFailures.outage(new IOException("Connection reset by peer")))
                .isPresent();
        assertThat(TransientFailures.outage(new JMSException("connection lost")).map(Outage::dependency))
                .contains(Dependency.BROKER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HASH_MISMATCH",
                "CHUNK_MISSING",
                "FILE_NOT_FOUND",
                "STORAGE_FULL",
                "METADATA_CORRUPT",
                "TIMEOUT",
                "CANCELLED",
                "DUPLICATE",
                "SIZE_MISMATCH"
            })
    void a_decision_of_the_saga_is_permanent_whatever_caused_it(Reason reason) {
        assertThat(TransientFailures.outage(new SagaException(reason, "no", new ConnectException("refused"))))
                .isEmpty();
    }

    @Test
    void everything_else_is_permanent() {
        assertThat(TransientFailures.outage(new IllegalStateException("a bug"))).isEmpty();
        assertThat(TransientFailures.outage(new FileNotFoundException("a file")))
                .isEmpty();
        assertThat(TransientFailures.outage(new NoSuchFileException("a file"))).isEmpty();
        assertThat(TransientFailures.outage(new RuntimeException(new OutOfMemoryError())))
                .isEmpty();
        assertThat(TransientFailures.outage(new ShutdownException("stopping"))).isEmpty();
        assertThat(TransientFailures.outage(new SagaException(Reason.STORE_FAILED, "wrong number of vectors")))
                .isEmpty();
    }

    @Test
    void a_cause_that_is_its_own_cause_ends() {
        Exception first = new RuntimeException("first");
        Exception second = new RuntimeException("second", first);
        first.initCause(second);

        assertThat(TransientFailures.outage(first)).isEmpty();
    }

    @Test
    void of_what_a_server_answers_only_the_beginning_of_the_first_line_is_kept() {
        Exception failure = new ConnectException("no".repeat(500) + "\nsecond line");

        assertThat(TransientFailures.outage(failure)).contains(new Outage(Dependency.SERVER, "no".repeat(150)));
    }
}

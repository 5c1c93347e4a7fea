package dev.streamingsaga.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class FailuresTest {
    @Test
    void keeps_the_reason_that_a_step_gave() {
        SagaException known = new SagaException(Reason.HASH_MISMATCH, "changed");

        assertThat(Failures.of(known, "s1", "verify")).isSameAs(known);
        assertThat(Failures.of(new RuntimeException(new IOException(known)), "s1", "verify"))
                .isSameAs(known);
    }

    @Test
    void any_other_failure_of_a_step_is_named_by_its_innermost_cause() {
        Exception thrown = new RuntimeException("outer", new IOException("disk on fire"));

        SagaException failure = Failures.of(thrown, "s1", "graph");

        assertThat(failure.reason()).isEqualTo(Reason.STORE_FAILED);
        assertThat(failure)
                .hasMessage("step graph of saga s1 failed: disk on fire; compensating")
                .hasCause(thrown);
    }

    @Test
    void a_failure_before_the_first_step_is_the_coordinators() {
        SagaException failure = Failures.of(new IOException("refused"), "s1", "");

        assertThat(failure.reason()).isEqualTo(Reason.COORDINATOR_UNAVAILABLE);
        assertThat(failure).hasMessageContaining("s1 (refused)");
    }

    @Test
    void an_error_is_named_with_its_class_and_an_exception_without_message_by_it() {
        assertThat(Failures.of(new StackOverflowError("deep"), "s1", "graph"))
                .hasMessageContaining("StackOverflowError: deep");
        assertThat(Failures.of(new IllegalStateException(), "s1", "graph"))
                .hasMessageContaining("failed: IllegalStateException;");
    }

    @Test
    void a_cause_that_is_its_own_cause_ends_the_search() {
        Exception loop = new RuntimeException("loop") {
            @Override
            public synchronized Throwable getCause() {
                return this;
            }
        };
        assertThat(Failures.of(loop, "s1", "graph").reason()).isEqualTo(Reason.STORE_FAILED);
    }
}

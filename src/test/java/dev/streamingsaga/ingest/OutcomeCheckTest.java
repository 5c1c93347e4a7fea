package dev.streamingsaga.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.test.IngestResultBuilder;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class OutcomeCheckTest {
    private final Exchange exchange = new DefaultExchange(new DefaultCamelContext());

    private static IngestResult result(String status) {
        return switch (status) {
            case "COMPLETED" -> IngestResultBuilder.completed("a").build();
            case "COMPENSATED" ->
                IngestResultBuilder.compensated("a", Reason.TIMEOUT, "m").build();
            default ->
                IngestResultBuilder.partiallyCompensated("a", Reason.TIMEOUT, "m")
                        .build();
        };
    }

    @ParameterizedTest
    @CsvSource({
        "NEVER, COMPLETED, false",
        "NEVER, COMPENSATED, false",
        "NEVER, PARTIALLY_COMPENSATED, false",
        "COMPENSATED, COMPLETED, false",
        "COMPENSATED, COMPENSATED, true",
        "COMPENSATED, PARTIALLY_COMPENSATED, true",
        "PARTIALLY_COMPENSATED, COMPLETED, false",
        "PARTIALLY_COMPENSATED, COMPENSATED, false",
        "PARTIALLY_COMPENSATED, PARTIALLY_COMPENSATED, true"
    })
    void fails_the_exchange_for_the_configured_outcomes(FailOn failOn, String status, boolean fails) {
        exchange.getMessage().setBody(result(status));
        if (fails) {
            assertThatThrownBy(() -> new OutcomeCheck(failOn).check(exchange))
                    .isInstanceOf(SagaNotCompletedException.class);
        } else {
            assertThatCode(() -> new OutcomeCheck(failOn).check(exchange)).doesNotThrowAnyException();
        }
    }

    @Test
    void the_exchanges_property_takes_precedence_in_any_letter_case() {
        OutcomeCheck check = new OutcomeCheck(FailOn.NEVER);
        assertThat(check.of(exchange)).isEqualTo(FailOn.NEVER);
        exchange.setProperty(Ingest.FAIL_ON, " Partially-Compensated ");
        assertThat(check.of(exchange)).isEqualTo(FailOn.PARTIALLY_COMPENSATED);
        exchange.setProperty(Ingest.FAIL_ON, FailOn.COMPENSATED);
        assertThat(check.of(exchange)).isEqualTo(FailOn.COMPENSATED);
    }

    @Test
    void a_misspelt_property_names_the_allowed_words() {
        exchange.setProperty(Ingest.FAIL_ON, "always");
        assertThatThrownBy(() -> new OutcomeCheck(FailOn.NEVER).of(exchange))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("never, compensated, partially-compensated")
                .hasMessageContaining("no saga was started");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void the_exception_says_whether_the_failure_was_transient(boolean isTransient) {
        IngestResult result = result("COMPENSATED");
        exchange.getMessage().setBody(result);
        OutcomeCheck check = new OutcomeCheck(FailOn.COMPENSATED, id -> id.equals(result.sagaId()) && isTransient);

        assertThatThrownBy(() -> check.check(exchange))
                .isInstanceOfSatisfying(
                        SagaNotCompletedException.class,
                        e -> assertThat(e.isTransient()).isEqualTo(isTransient));
    }

    @Test
    void a_body_that_is_no_result_fails_nothing() {
        exchange.getMessage().setBody("text");
        assertThatCode(() -> new OutcomeCheck(FailOn.COMPENSATED).check(exchange))
                .doesNotThrowAnyException();
    }
}

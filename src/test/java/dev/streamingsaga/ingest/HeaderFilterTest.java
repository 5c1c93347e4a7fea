package dev.streamingsaga.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class HeaderFilterTest {
    private final Exchange exchange = new DefaultExchange(new DefaultCamelContext());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SagaExpected",
                "sagaexpected",
                "Long-Running-Action",
                "long-running-action-recovery",
                "CamelAwsS3Key",
                "cAMELfileName",
                "org.apache.camel.x",
                "Link"
            })
    void takes_away_what_something_might_obey_in_any_letter_case(String header) {
        exchange.getMessage().setHeader(header, "7");

        new HeaderFilter().process(exchange);

        assertThat(exchange.getMessage().getHeaders()).isEmpty();
    }

    @Test
    void leaves_the_others_alone() {
        exchange.getMessage().setHeader("fileName", "a.pdf");

        new HeaderFilter().process(exchange);

        assertThat(exchange.getMessage().getHeaders()).containsEntry("fileName", "a.pdf");
    }
}

package dev.streamingsaga.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

class OpenConnectionsTest {
    private final OpenConnections connections = new OpenConnections(2);
    private final EmbeddedChannel first = new EmbeddedChannel();
    private final EmbeddedChannel second = new EmbeddedChannel();
    private final EmbeddedChannel third = new EmbeddedChannel();

    @Test
    void closes_the_connection_that_has_waited_longest_for_a_new_one() {
        connections.add(first);
        connections.add(second);
        connections.busy(first);
        connections.waiting(first);

        assertThat(connections.add(third)).isTrue();
        assertThat(second.isOpen())
                .as("waited longer than the first, which had a request since")
                .isFalse();
        assertThat(first.isOpen()).isTrue();
        assertThat(third.isOpen()).isTrue();
    }

    @Test
    void refuses_a_new_connection_while_all_others_have_requests_and_closes_none() {
        connections.add(first);
        connections.add(second);
        connections.busy(first);
        connections.busy(second);

        assertThat(connections.add(third)).isFalse();
        assertThat(first.isOpen()).isTrue();
        assertThat(second.isOpen()).isTrue();

        connections.remove(second);
        assertThat(connections.add(third)).isTrue();
    }

    @Test
    void forgets_a_connection_that_was_closed_for_another_one() {
        connections.add(first);
        connections.add(second);
        connections.add(third);
        connections.waiting(first);
        connections.remove(first);
        connections.busy(second);
        connections.busy(third);

        assertThat(connections.add(new EmbeddedChannel())).isFalse();
    }
}

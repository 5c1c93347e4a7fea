package dev.streamingsaga.journal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class NodeNameTest {
    @Test
    void a_name_is_readable_and_never_used_again() {
        String name = NodeName.unique("ingest-a");

        assertThat(name)
                .startsWith("ingest-a-" + ProcessHandle.current().pid() + "-")
                .isNotEqualTo(NodeName.unique("ingest-a"));
    }

    @Test
    void the_host_is_the_default() {
        String process = "-" + ProcessHandle.current().pid() + "-";

        assertThat(NodeName.unique("")).matches("[A-Za-z0-9.-]+" + process + "[0-9a-z]{26}");
    }

    @Test
    void a_long_name_is_cut() {
        assertThat(NodeName.unique("x".repeat(300))).hasSizeLessThanOrEqualTo(80);
    }

    @ParameterizedTest
    @CsvSource({
        "host_1\u00e9, host-1-",
        "node7.example.com, node7.example.com",
        "node7.a-very-long-name-of-a-data-centre.example.com, node7",
        "a-very-long-name-of-a-deployment-7c9f8b6d5-x2abc, ong-name-of-a-deployment-7c9f8b6d5-x2abc"
    })
    void only_safe_characters_and_the_telling_part_remain(String host, String readable) {
        assertThat(NodeName.readable(host)).isEqualTo(readable);
    }
}

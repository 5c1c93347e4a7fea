package dev.streamingsaga.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class QuantitiesTest {
    @ParameterizedTest
    @CsvSource({
        "INTEGER, 0, 0",
        "INTEGER, 9999999999, 9999999999",
        "SIZE, 5, 5",
        "SIZE, 5B, 5",
        "SIZE, 5 KiB, 5120",
        "SIZE, 8MiB, 8388608",
        "SIZE, 1GiB, 1073741824",
        "SIZE, 2TiB, 2199023255552",
        "DURATION, 5, 5000",
        "DURATION, 250ms, 250",
        "DURATION, 1.5s, 1500",
        "DURATION, 2 m, 120000",
        "DURATION, 1h, 3600000",
        "DURATION, 7d, 604800000"
    })
    void reads_numbers_with_their_unit(SettingType type, String text, long value) {
        assertThat(Quantities.parse(type, text)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({
        "INTEGER, -1",
        "INTEGER, 1.5",
        "INTEGER, 12345678901",
        "INTEGER, 1s",
        "SIZE, 1.5GiB",
        "SIZE, 5MB",
        "SIZE, 5mib",
        "SIZE, -5",
        "SIZE, 9999999999TiB",
        "SIZE, 99999999999999999999",
        "DURATION, 5 seconds",
        "DURATION, 5S",
        "DURATION, .5s",
        "DURATION, PT5S",
        "DURATION, -5s"
    })
    void rejects_anything_else(SettingType type, String text) {
        assertThatThrownBy(() -> Quantities.parse(type, text)).isInstanceOf(IllegalArgumentException.class);
    }
}

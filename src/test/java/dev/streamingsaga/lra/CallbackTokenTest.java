package dev.streamingsaga.lra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.lra.CallbackToken.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
class CallbackTokenTest {
    private static final Target TARGET = new Target("01jd0000000000000000000000", 3, "vector");
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private final CallbackToken tokens = new CallbackToken("a secret of 16 bytes or more".getBytes());

    @Test
    void a_token_names_its_target_and_needs_no_encoding() {
        String token = tokens.issue(TARGET);

        assertThat(token).matches("[A-Za-z0-9_-]+");
        assertThat(tokens.verify(token)).contains(TARGET);
    }

    /** Includes the last character, two bits of which base64 ignores. */
    @Test
    void a_token_altered_in_any_one_character_is_refused() {
        String token = tokens.issue(TARGET);
        for (int i = 0; i < token.length(); i++) {
            for (char c : ALPHABET.toCharArray()) {
                if (c != token.charAt(i)) {
                    assertThat(tokens.verify(token.substring(0, i) + c + token.substring(i + 1)))
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void a_token_of_another_secret_or_length_is_refused() {
        String token = tokens.issue(TARGET);
        assertThat(new CallbackToken("another secret of 16 bytes".getBytes()).verify(token))
                .isEmpty();
        assertThat(tokens.verify("")).isEmpty();
        assertThat(tokens.verify(token.substring(1))).isEmpty();
        assertThat(tokens.verify(token + "A")).isEmpty();
        assertThat(tokens.verify(token + "=")).isEmpty();
        assertThat(tokens.verify("A".repeat(1000))).isEmpty();
    }

    @Test
    void a_short_secret_is_refused() {
        assertThatThrownBy(() -> new CallbackToken(new byte[15])).hasMessageContaining("at least 16 bytes");
    }

    @ParameterizedTest
    @CsvSource({
        "01jd000000000000000000000,1,vector",
        "01JD0000000000000000000000,1,vector",
        "01jd0000000000000000000000,0,vector",
        "01jd0000000000000000000000,-1,vector",
        "01jd0000000000000000000000,1,''",
        "01jd0000000000000000000000,1,a.b",
        "01jd0000000000000000000000,1,Vector"
    })
    void a_target_that_could_be_read_in_two_ways_is_refused(String saga, int run, String step) {
        assertThatThrownBy(() -> new Target(saga, run, step)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void the_secret_is_made_once_for_its_owner_only(@TempDir Path data) throws Exception {
        String token = CallbackToken.open(data, "").issue(TARGET);

        assertThat(CallbackToken.open(data, "").verify(token)).contains(TARGET);
        assertThat(CallbackToken.open(data, "configured, 16 bytes at least").verify(token))
                .isEmpty();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("callback.secret"))))
                .isEqualTo("rw-------");
    }

    @Test
    void a_damaged_secret_stops_the_start(@TempDir Path data) throws Exception {
        Files.writeString(data.resolve("callback.secret"), "short");

        assertThatThrownBy(() -> CallbackToken.open(data, ""))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("must hold 32 bytes, has 5");
    }
}

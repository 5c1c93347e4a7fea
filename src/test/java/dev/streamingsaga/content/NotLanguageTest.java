package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.charset.LanguageSample;
import dev.streamingsaga.content.EmbeddingPipeline.PipelineLimits;
import dev.streamingsaga.embedding.CountingModel;
import dev.streamingsaga.embedding.Segmenter;
import dev.streamingsaga.text.NotLanguage;
import dev.streamingsaga.text.TextCleaner;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class NotLanguageTest {
    private static final byte[] BYTES = bytes(2000);

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(5).nextBytes(bytes);
        return bytes;
    }

    private static String kept(String... parts) {
        NotLanguage language = new NotLanguage();
        StringBuilder kept = new StringBuilder();
        for (String part : parts) {
            kept.append(language.keep(part));
        }
        return TextCleaner.clean(kept.append(language.end()).toString());
    }

    private static String wrapped(String text, int width) {
        return text.replaceAll("(.{" + width + "})", "$1\n");
    }

    @Test
    void leaves_out_base64() {
        String base64 = Base64.getMimeEncoder().encodeToString(BYTES);
        assertThat(kept("An attachment:\r\n\r\n" + base64 + "\r\n\r\nThe end.\r\n"))
                .isEqualTo("An attachment:\nThe end.");
        assertThat(kept(wrapped(Base64.getUrlEncoder().encodeToString(BYTES), 64)))
                .isEmpty();
        assertThat(kept("-----BEGIN CERTIFICATE-----\n"
                        + wrapped(Base64.getEncoder().encodeToString(BYTES), 64) + "\n-----END CERTIFICATE-----\n"))
                .isEqualTo("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----");
        assertThat(kept("See data:image/png;base64," + Base64.getEncoder().encodeToString(BYTES) + " and read on."))
                .isEqualTo("See data:image/png;base64, and read on.");
    }

    @Test
    void leaves_out_hex_and_dumps() {
        String hex = HexFormat.of().formatHex(BYTES);
        assertThat(kept("Key " + hex + " of the lamp")).isEqualTo("Key of the lamp");
        assertThat(kept(wrapped(hex, 64))).isEmpty();
        assertThat(kept("before\n" + dump("%08x: ", 2, 4, 16) + "after\n")).isEqualTo("before\nafter");
        assertThat(kept("before\n" + dump("%08x  ", 1, 2, 16) + "after\n")).isEqualTo("before\nafter");
    }

    /** As xxd and hexdump -C write it. */
    private static String dump(String offset, int bytesOfAGroup, int digits, int bytesOnALine) {
        StringBuilder dump = new StringBuilder();
        for (int line = 0; line < 20; line++) {
            dump.append(offset.formatted(line * bytesOnALine));
            for (int i = 0; i < bytesOnALine; i += bytesOfAGroup) {
                dump.append(HexFormat.of().formatHex(BYTES, line * 16 + i, line * 16 + i + bytesOfAGroup))
                        .append(i == 7 ? "  " : " ");
                assertThat(digits).isEqualTo(2 * bytesOfAGroup);
            }
            dump.append(" |ab cd ./Type x. |\n");
        }
        return dump.toString();
    }

    @Test
    void leaves_out_uuencoded_files() {
        String line = "M" + "A[#$=%!'6X".repeat(6);
        assertThat(kept("begin 644 cat.txt\n" + (line + "\n").repeat(5) + "`\nend\n"))
                .isEqualTo("begin 644 cat.txt\n` end");
    }

    /** As od and od -b write it. */
    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void leaves_out_octal_dumps(int bytesOfAGroup) {
        StringBuilder dump = new StringBuilder();
        for (int line = 0; line < 20; line++) {
            dump.append("%07o".formatted(line * 16));
            for (int i = 0; i < 16; i += bytesOfAGroup) {
                int value = BYTES[line * 16 + i] & 0xff;
                dump.append(bytesOfAGroup == 1 ? " %03o".formatted(value) : " %06o".formatted(value << 7 | i));
            }
            dump.append('\n');
        }
        assertThat(kept("before\n" + dump + "after\n")).isEqualTo("before\nafter");
    }

    @Test
    void leaves_out_ascii85() {
        StringBuilder encoded = new StringBuilder();
        Random random = new Random(7);
        for (int i = 0; i < 1000; i++) {
            encoded.append((char) ('!' + random.nextInt(85)));
        }
        assertThat(kept("The picture:\n<~\n" + wrapped(encoded.toString(), 75) + "~>\nThe end.\n"))
                .isEqualTo("The picture: <~\nThe end.");
        assertThat(kept("before\n" + wrapped(encoded.substring(0, 900), 60) + "after\n"))
                .isEqualTo("before\nafter");
    }

    @Test
    void leaves_out_yenc() {
        StringBuilder file = new StringBuilder("=ybegin line=128 size=2000 name=cat.jpg\n=ypart begin=1 end=2000\n");
        for (int i = 0; i < BYTES.length; i++) {
            int c = BYTES[i] + 42 & 0xff;
            file.append(c == 0 || c == '\n' || c == '\r' || c == '=' ? "=" + (char) (c + 64) : "" + (char) c);
            file.append(i % 128 == 127 ? "\r\n" : "");
        }
        file.append("\r\n=yend size=2000\r\n");

        assertThat(kept("A cat:\n" + file + "The end.\n"))
                .isEqualTo("A cat: =ybegin line=128 size=2000 name=cat.jpg\n=yend size=2000 The end.");
        assertThat(kept("In yEnc\n=ybegin line=128 size=9 name=a\nis the first line.\n"))
                .isEqualTo("In yEnc =ybegin line=128 size=9 name=a is the first line.");
    }

    @Test
    void keeps_three_of_many_marks() {
        assertThat(kept("Chapter one ............... 12\nChapter two . . . . . . . . . . . 13\n"))
                .isEqualTo("Chapter one ... 12 Chapter two ... 13");
        assertThat(kept("_".repeat(70) + "\nsignature\n=========\n" + "\u2500".repeat(30)))
                .isEqualTo("___ signature === \u2500\u2500\u2500");
        assertThat(kept("-----\nfive stay\n********\n")).isEqualTo("----- five stay ********");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "4711 0815 1234 5678 9012 3456 7890 1234 5678 9012 3456 7890\n1 2 3 4 5 6\n",
                "2001 12 15 18 20 22 24 26 28 30 32 34\n2017 12 15 18 20 22 24 26 28 30 32 34\n2033 12 15 18 20 22 24 26 28 30 32 34\n",
                "100001 36 38 40 42 44 46 48 50 52\n100002 36 38 40 42 44 46 48 50 52\n100003 36 38 40 42 44 46 48 50 52\n",
                "1000000 123 456 701 234 567 012 345 670\n1000001 123 456 701 234 567 012 345 670\n1000002 123 456 701 234\n",
                """
                if(a.B.length>0&&C.d[e]!=null){F.call(G,H[i+1],J(K,L)||M);return!N.O(P.q,R)}
                for(S=0;S<T.length;S++){U[T[S].id]=V(T[S].W,"X",\'Y\');Z+=a.b?1:-1}c.D=E
                F.G=function(h,I){return J.k(L,M(n,[O,"P"]))};Q.R(s.T||{},U.v,W.x?"Y":z)
                """,
                "+49 30 1234567 Anna Schmidt\n+49 40 7654321 Otto Meyer\n",
                """
                /usr/share/streamingsaga/documentation/archive/lighthouse/keepers
                /usr/share/streamingsaga/documentation/archive/lighthouse/windows
                /usr/share/streamingsaga/documentation/archive/lighthouse/gulls12
                """,
                """
                org/springframework/boot/autoconfigure/jdbc/DataSourceConfiguration
                org/springframework/boot/autoconfigure/jdbc/XADataSourceAutoConfiguration
                org/springframework/boot/autoconfigure/jdbc/JdbcTemplateConfiguration
                """,
                "3f786850e387550fdab836ed7e6dc881de23001b  a.txt\n89e6c98d92887913cadf06b2adb97f26cde4849b  b.txt\n",
                "https://example.org/a/b?query=2&token=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA\n",
            })
    void keeps_tables_lists_and_names(String text) {
        assertThat(kept(text)).isEqualTo(TextCleaner.clean(text));
    }

    @Test
    void keeps_text_without_blanks() {
        String text = "thelighthousekeepercountsgullsatdawnand".repeat(20);
        assertThat(kept(text)).isEqualTo(text);
        for (LanguageSample sample : LanguageSample.ALL) {
            String noBlanks = sample.text(2000).replaceAll("\\s", "");
            assertThat(kept(noBlanks)).isEqualTo(TextCleaner.clean(noBlanks));
            assertThat(kept(sample.text(2000))).isEqualTo(TextCleaner.clean(sample.text(2000)));
        }
    }

    @Test
    void gives_the_same_text_whatever_the_size_of_the_document() {
        String base64 = wrapped(Base64.getEncoder().encodeToString(bytes(200_000)), 76);
        List<String> segments = new ArrayList<>();
        DocumentText text = new DocumentText(
                new Segmenter(new CountingModel(64, 0), 64, 0),
                new PipelineLimits(64, 0, 1_000_000, 10, 1, 1),
                Resumption.NONE,
                segment -> segments.add(segment.text()));
        text.text("Before.\n");
        text.text(base64);
        text.text("\nAfter.\n");
        text.text(Base64.getEncoder().encodeToString(bytes(200_000)));
        text.text("\nThe end.\n");
        text.endPage();

        assertThat(String.join(" ", segments)).isEqualTo("Before. After. The end.");
        assertThat(text.finish().outline().segments()).isEqualTo(segments.size());
    }

    /** What is not removed must not be held back. */
    @Test
    void emits_two_doubtful_lines_at_the_end() {
        String two = IntStream.range(0, 2)
                .mapToObj(i -> Base64.getEncoder().encodeToString(bytes(48)))
                .collect(Collectors.joining("\n"));
        assertThat(kept(two)).isEqualTo(two.replace('\n', ' '));
        assertThat(two.getBytes(StandardCharsets.UTF_8)).hasSize(129);
    }
}

package dev.streamingsaga.mail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.content.ExtractedText;
import dev.streamingsaga.content.ExtractedText.Page;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.testkit.SamplePdf;
import dev.streamingsaga.text.TextCleaner;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class MailTest {
    private static final String HEADERS = """
            Return-Path: <kaethe@example.org>
            From: =?UTF-8?Q?K=C3=A4the_M=C3=B6we?= <kaethe@example.org>
            To: Keeper <keeper@example.org>,
             Second <second@example.org>
            Subject: =?ISO-8859-1?Q?Gr=F6=DFere?= =?UTF-8?B?IE3Dtndlbg==?=
            Date: Mon, 30 Nov 2026 10:00:00 +0100
            MIME-Version: 1.0
            """;

    @TempDir
    Path dir;

    private ExtractedText read(String name, String mail, String... settings) throws IOException {
        return read(name, mail.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1), settings);
    }

    private ExtractedText read(String name, byte[] bytes, String... settings) throws IOException {
        return ExtractedText.of(Files.write(dir.resolve(name), bytes), settings);
    }

    private static String mixed(String... parts) {
        return HEADERS + "Content-Type: multipart/mixed; boundary=b1\n\n--b1\n" + String.join("\n--b1\n", parts)
                + "\n--b1--\n";
    }

    private static String attachment(String name, byte[] bytes) {
        return "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"" + name
                + "\"\nContent-Transfer-Encoding: base64\n\n"
                + Base64.getMimeEncoder().encodeToString(bytes).replace("\r", "");
    }

    private byte[] pdf(int pages) throws IOException {
        Path pdf = dir.resolve("sample.pdf");
        SamplePdf.write(pdf, pages, 0);
        return Files.readAllBytes(pdf);
    }

    @Test
    void decodes_headers_and_body_of_a_mail_without_a_suffix() throws IOException {
        ExtractedText text = read("mail", HEADERS + """
                Content-Type: text/plain; charset=windows-1252
                Content-Transfer-Encoding: quoted-printable

                Der W=E4rter z=E4hlt M=F6=
                wen f=FCr 5 =80.
                """);
        assertThat(text.own()).isEqualTo("""
                Subject: Größere Möwen
                From: Käthe Möwe <kaethe@example.org>
                To: Keeper <keeper@example.org>, Second <second@example.org>
                Date: Mon, 30 Nov 2026 10:00:00 +0100
                Der Wärter zählt Möwen für 5 €.""");
        assertThat(text.title()).isEqualTo("Größere Möwen");
        assertThat(text.warnings()).isEmpty();
    }

    @Test
    void reads_attachments_as_parts_with_their_own_pages() throws IOException {
        ExtractedText text = read(
                "mail.eml",
                mixed(
                        "Content-Type: text/plain\n\nSee the offer.",
                        attachment("=?UTF-8?Q?Angebot_M=C3=B6we.pdf?=", pdf(3)),
                        attachment("note.txt", "A short note.".getBytes())));
        assertThat(text.pages())
                .extracting(Page::part)
                .containsExactly("", "Angebot Möwe.pdf", "Angebot Möwe.pdf", "Angebot Möwe.pdf", "note.txt");
        assertThat(text.own()).endsWith("See the offer.");
        assertThat(text.pages().get(3).text()).contains(SamplePdf.english(3));
        assertThat(text.ofPart("note.txt")).isEqualTo("A short note.");
        assertThat(text.warnings()).isEmpty();
    }

    @Test
    void reads_plain_text_of_alternatives_else_html() throws IOException {
        String html = "Content-Type: text/html; charset=ISO-8859-1\n\n"
                + "<html><body><p>M\u00f6wen<img src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUg'></p></body></html>";
        String alternative = "Content-Type: multipart/alternative; boundary=b2\n\n--b2\n%s\n--b2--";
        ExtractedText both = read(
                "both.eml",
                mixed(
                        alternative.formatted("Content-Type: text/plain\n\nGulls.\n--b2\n" + html),
                        "\nA list's footer."));
        ExtractedText onlyHtml = read(
                "html.eml",
                mixed(alternative.formatted("Content-Type: text/plain\n\n\n--b2\nContent-Type: multipart/related;"
                        + " boundary=b3\n\n--b3\n" + html + "\n--b3--")));
        assertThat(both.own()).endsWith("+0100\nGulls.\nA list's footer.");
        assertThat(onlyHtml.own()).endsWith("+0100\nMöwen");
    }

    @Test
    void reads_forwarded_mails_down_to_the_allowed_depth() throws IOException {
        String inner = mixed("Content-Type: text/plain\n\nInnermost.", attachment("a.txt", "Deep.".getBytes()));
        String middle = mixed(
                "Content-Type: text/plain\n\nMiddle.", "Content-Type: message/rfc822\n\n" + inner.replace("b1", "b9"));
        String outer = mixed("Content-Type: text/plain\n\nOuter.", attachment("middle.eml", middle.getBytes()));

        ExtractedText all = read("all.eml", outer);
        ExtractedText two = read("two.eml", outer, "saga.content.attachments.depth", "2");
        ExtractedText none = read("none.eml", outer, "saga.content.attachments.depth", "0");

        assertThat(all.ofPart("middle.eml › message.eml")).endsWith("Innermost.");
        assertThat(all.ofPart("middle.eml › message.eml › a.txt")).isEqualTo("Deep.");
        assertThat(two.ofPart("middle.eml › message.eml")).endsWith("Innermost.");
        assertThat(two.warnings())
                .containsExactly(new Warning(
                        WarningCode.ATTACHMENTS_NOT_READ,
                        "middle.eml › message.eml › a.txt",
                        "it was not read: it is nested deeper than saga.content.attachments.depth=2"));
        assertThat(none.pages()).hasSize(1);
        assertThat(none.warnings()).extracting(Warning::place).containsExactly("middle.eml");
    }

    @Test
    void limits_number_and_size_of_attachments_and_names_what_it_did_not_read() throws IOException {
        String[] parts = new String[15];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = attachment(i + ".txt", ("Text " + i).repeat(100).getBytes());
        }
        ExtractedText few = read("few.eml", mixed(parts), "saga.content.attachments.max", "2");
        ExtractedText small =
                read("small.eml", mixed(parts[0], parts[1]), "saga.content.attachments.max-size", "1000B");

        assertThat(few.pages()).extracting(Page::part).containsExactly("", "0.txt", "1.txt");
        assertThat(few.warnings()).hasSize(11);
        assertThat(few.warnings().get(0).place()).isEqualTo("2.txt");
        assertThat(few.warnings().get(10).message()).isEqualTo("3 more files inside it were not read");
        assertThat(small.pages()).extracting(Page::part).containsExactly("", "0.txt");
        assertThat(small.warnings().get(0).message()).contains("saga.content.attachments.max-size");
    }

    @Test
    void names_attachments_that_it_cannot_read_and_reads_the_others() throws IOException {
        byte[] damaged = "%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 7 0 R>>\nstream".getBytes();
        byte[] logo = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13};
        ExtractedText text = read(
                "mail.eml",
                mixed(
                        attachment("broken.pdf", damaged),
                        attachment("logo.png", logo),
                        attachment("data.bin", new byte[100]),
                        attachment("good.txt", "Good.".getBytes())));
        assertThat(text.ofPart("good.txt")).isEqualTo("Good.");
        assertThat(text.warnings())
                .extracting(Warning::code, Warning::place)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(WarningCode.DAMAGED, "broken.pdf"),
                        org.assertj.core.groups.Tuple.tuple(WarningCode.ATTACHMENTS_NOT_READ, "data.bin"));
    }

    @Test
    void reads_a_mail_that_is_cut_inside_an_attachment() throws IOException {
        String mail = mixed(
                "Content-Type: text/plain\n\nGulls.",
                attachment("a.txt", "Words. ".repeat(100).getBytes()));
        ExtractedText text = read("cut.eml", mail.substring(0, mail.length() - 400));
        assertThat(text.own()).endsWith("Gulls.");
        assertThat(text.ofPart("a.txt")).startsWith("Words. Words.");
    }

    @Test
    void reads_what_stands_beside_a_damaged_body() throws IOException {
        String huge = "Content-Type: text/html\n\n<html><body>" + "<p>x</p>\n".repeat(1_900_000) + "</body></html>";
        ExtractedText text = read(
                "mail.eml",
                mixed("Content-Type: text/plain\n\nBefore.", huge, attachment("a.txt", "Attached.".getBytes())));
        assertThat(text.own()).endsWith("Before.");
        assertThat(text.ofPart("a.txt")).isEqualTo("Attached.");
        assertThat(text.codes()).containsExactly(WarningCode.DAMAGED);
    }

    @Test
    void stops_at_absurd_nesting() throws IOException {
        StringBuilder mail = new StringBuilder(HEADERS);
        for (int i = 0; i < 5_000; i++) {
            mail.append("Content-Type: multipart/mixed; boundary=n%1$d\n\n--n%1$d\n".formatted(i));
        }
        ExtractedText text = read("nested.eml", mail.toString());
        assertThat(text.own()).startsWith("Subject: Größere Möwen");
        assertThat(text.codes()).containsExactly(WarningCode.DAMAGED);
    }

    @Test
    void says_that_a_mail_is_encrypted() throws IOException {
        ExtractedText text = read(
                "secret.eml",
                HEADERS + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n"
                        + "Content-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHA6CAMIACAQAxgg==\n");
        assertThat(text.codes()).containsExactly(WarningCode.LOCKED);
        assertThat(text.own()).startsWith("Subject:");
    }

    @Test
    void reads_each_message_of_a_mailbox() throws IOException {
        String first = HEADERS + "\nOne.\n>From here on, a quoted line.\nFrom an unquoted line.\n\n";
        String second = mixed("Content-Type: text/plain\n\nTwo.", attachment("a.txt", "Attached.".getBytes())) + "\n";
        String from = "From kaethe@example.org Mon Nov 30 10:00:00 2026\n";
        ExtractedText text = read("archive", from + first + from + second + from + HEADERS + "\nThree.\n");

        assertThat(text.pages())
                .extracting(Page::part)
                .containsExactly("message 1", "message 2", "message 2 › a.txt", "message 3");
        assertThat(text.ofPart("message 1")).endsWith("One. From here on, a quoted line. From an unquoted line.");
        assertThat(text.ofPart("message 2 › a.txt")).isEqualTo("Attached.");
        assertThat(text.ofPart("message 3")).endsWith("Three.");
        assertThat(text.warnings()).isEmpty();
    }

    @Test
    void reads_unencoded_headers_and_bodies_without_a_charset() throws IOException {
        for (Charset charset : new Charset[] {StandardCharsets.UTF_8, Charset.forName("windows-1252")}) {
            String mail = """
                    From: Käthe <k@example.org>
                    Subject: Möwen
                    Date: today
                    To: all

                    Der Wärter zählt größere Möwen über der Küste.
                    """;
            ExtractedText text = read("raw.eml", mail.getBytes(charset));
            assertThat(text.own())
                    .as(charset.name())
                    .contains("Subject: Möwen", "Käthe", "Der Wärter zählt größere Möwen über der Küste.");
        }
    }

    @Test
    void a_text_that_begins_like_a_mail_is_a_text() throws IOException {
        for (String start : new String[] {
            "From: the keeper\n\nDear gulls,\n",
            "From the lighthouse one sees gulls.\nFrom: far away.\n\nText.\n",
            "Subject: gulls\nTo: whom it may concern\n\nText.\n",
            "Received: nothing\n"
        }) {
            ExtractedText text = read("letter", start);
            assertThat(text.own()).isEqualTo(TextCleaner.clean(start));
        }
        assertThat(read("note.eml", "No header\nstands here.\n").own()).isEqualTo("No header stands here.");
        assertThat(read("draft.eml", "Subject: a draft\nMIME-Version: 1.0\nContent-Type: text/plain\n\nText.")
                        .title())
                .isEqualTo("a draft");
    }
}

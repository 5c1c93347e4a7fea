package dev.streamingsaga.extraction;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Sends text to the parent process. Each page is sent when it is complete, so that it is kept if this process dies. */
final class FrameSink implements TextSink {
    private final DataOutputStream out;

    FrameSink(DataOutputStream out) {
        this.out = out;
    }

    private interface Write {
        void run() throws IOException;
    }

    private static void send(Write write) {
        try {
            write.run();
        } catch (IOException e) {
            throw new UncheckedIOException("the process that reads the text has ended", e);
        }
    }

    @Override
    public void pages(int total) {
        send(() -> {
            out.writeByte(Frames.PAGES);
            out.writeInt(total);
        });
    }

    @Override
    public void part(String path) {
        send(() -> {
            out.writeByte(Frames.PART);
            Frames.writeLine(out, path);
        });
    }

    @Override
    public void text(CharSequence part) {
        send(() -> {
            for (int from = 0; from < part.length(); from += Frames.MAX_TEXT_CHARS) {
                out.writeByte(Frames.TEXT);
                Frames.writeText(out, part, from, Math.min(part.length(), from + Frames.MAX_TEXT_CHARS));
            }
        });
    }

    @Override
    public void endPage() {
        send(() -> {
            out.writeByte(Frames.END_PAGE);
            out.flush();
        });
    }

    @Override
    public void about(String title, String author) {
        send(() -> {
            out.writeByte(Frames.ABOUT);
            Frames.writeLine(out, title);
            Frames.writeLine(out, author);
        });
    }

    @Override
    public void warn(WarningCode code, String place, String message) {
        send(() -> {
            out.writeByte(Frames.WARNING);
            Frames.writeLine(out, code.name());
            Frames.writeLine(out, place);
            Frames.writeLine(out, message);
        });
    }
}

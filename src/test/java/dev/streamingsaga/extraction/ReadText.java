package dev.streamingsaga.extraction;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import java.util.ArrayList;
import java.util.List;

/** Keeps what a reading returns. */
class ReadText implements TextSink {
    final List<String> pages = new ArrayList<>();
    final List<Warning> warnings = new ArrayList<>();
    String about = "";
    private final StringBuilder page = new StringBuilder();

    @Override
    public void pages(int total) {
        about += total + " pages ";
    }

    @Override
    public void part(String path) {
        about += "part " + path + " ";
    }

    @Override
    public void text(CharSequence part) {
        page.append(part);
    }

    @Override
    public void endPage() {
        pages.add(page.toString());
        page.setLength(0);
    }

    @Override
    public void about(String title, String author) {
        about += title + " by " + author;
    }

    @Override
    public void warn(WarningCode code, String place, String message) {
        warnings.add(new Warning(code, place, message));
    }
}

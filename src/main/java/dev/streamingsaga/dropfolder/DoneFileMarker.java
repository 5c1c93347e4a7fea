package dev.streamingsaga.dropfolder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file beside a document that says it is complete, if the folder wants one. */
final class DoneFileMarker {
    private static final String NAME = "${name}";

    private final String before;
    private final String after;

    /** @param pattern with {@code ${name}} in it; empty: no file has a marker, or is one */
    DoneFileMarker(String pattern) {
        this.before = pattern.isEmpty() ? "" : pattern.substring(0, pattern.indexOf(NAME));
        this.after = pattern.isEmpty() ? "" : pattern.substring(pattern.indexOf(NAME) + NAME.length());
    }

    boolean isWanted() {
        return !(before + after).isEmpty();
    }

    boolean isMarker(String name) {
        return isWanted()
                && name.length() > before.length() + after.length()
                && name.startsWith(before)
                && name.endsWith(after);
    }

    boolean isThere(Path document) {
        return Files.isRegularFile(of(document), LinkOption.NOFOLLOW_LINKS);
    }

    void remove(Path document) throws IOException {
        if (isWanted()) {
            Files.deleteIfExists(of(document));
        }
    }

    private Path of(Path document) {
        return document.resolveSibling(before + document.getFileName() + after);
    }
}

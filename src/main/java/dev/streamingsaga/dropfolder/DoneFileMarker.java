package dev.streamingsaga.dropfolder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The optional done file: its presence beside a document says that the document is complete. */
final class DoneFileMarker {
    private static final String NAME = "${name}";

    private final String prefix;
    private final String suffix;

    /** @param pattern contains {@code ${name}}; empty if done files are not used */
    DoneFileMarker(String pattern) {
        this.prefix = pattern.isEmpty() ? "" : pattern.substring(0, pattern.indexOf(NAME));
        this.suffix = pattern.isEmpty() ? "" : pattern.substring(pattern.indexOf(NAME) + NAME.length());
    }

    boolean isRequired() {
        return !(prefix + suffix).isEmpty();
    }

    boolean isMarker(String name) {
        return isRequired()
                && name.length() > prefix.length() + suffix.length()
                && name.startsWith(prefix)
                && name.endsWith(suffix);
    }

    boolean exists(Path document) {
        return Files.isRegularFile(of(document), LinkOption.NOFOLLOW_LINKS);
    }

    void remove(Path document) throws IOException {
        if (isRequired()) {
            Files.deleteIfExists(of(document));
        }
    }

    private Path of(Path document) {
        return document.resolveSibling(prefix + document.getFileName() + suffix);
    }
}

package dev.streamingsaga.dropfolder;

import dev.streamingsaga.intake.PrintableText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a person has to hear of a file that stays: once, not at each look. Remembers the last 1000. */
final class DeduplicatedWarnings {
    private static final Logger LOG = LoggerFactory.getLogger(DropFolder.class);
    private static final int REMEMBERED = 1000;

    private final Map<Path, String> told = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Path, String> eldest) {
            return size() > REMEMBERED;
        }
    };

    synchronized void about(Path file, String what) {
        if (!what.equals(told.put(file, what))) {
            LOG.warn("{}: {}", shown(file), what);
        }
    }

    /** A name may hold anything, line ends too. */
    static String shown(Path file) {
        return shown(file.toString());
    }

    static String shown(String text) {
        return PrintableText.line(text);
    }
}

package dev.streamingsaga.dropfolder;

import dev.streamingsaga.intake.PrintableText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs each warning about a file once, not at every scan. Remembers the last 1000 files. */
final class DeduplicatedWarnings {
    private static final Logger LOG = LoggerFactory.getLogger(DropFolder.class);
    private static final int REMEMBERED = 1000;

    private final Map<Path, String> lastWarnings = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Path, String> eldest) {
            return size() > REMEMBERED;
        }
    };

    synchronized void warn(Path file, String warning) {
        if (!warning.equals(lastWarnings.put(file, warning))) {
            LOG.warn("{}: {}", shown(file), warning);
        }
    }

    /** Makes a name fit for a log line: file names may contain line breaks and control characters. */
    static String shown(Path file) {
        return shown(file.toString());
    }

    static String shown(String text) {
        return PrintableText.line(text);
    }
}

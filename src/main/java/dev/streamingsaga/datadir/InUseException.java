package dev.streamingsaga.datadir;

import dev.streamingsaga.config.ConfigException;
import java.util.List;

/** Another process has locked the data directory; commands can still reach it through the journal. */
public final class InUseException extends ConfigException {
    InUseException(String problem) {
        super(List.of(problem));
    }
}

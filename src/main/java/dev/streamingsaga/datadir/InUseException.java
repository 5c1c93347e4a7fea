package dev.streamingsaga.datadir;

import dev.streamingsaga.config.ConfigException;
import java.util.List;

/** Another process works in the data directory; the journal can tell it what is wanted. */
public final class InUseException extends ConfigException {
    InUseException(String problem) {
        super(List.of(problem));
    }
}

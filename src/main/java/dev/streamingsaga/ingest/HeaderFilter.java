package dev.streamingsaga.ingest;

import java.util.Locale;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * Removes every header that could control a component: those that begin with {@code Camel}, and those of sagas, in any
 * letter case. Camel would use {@code Long-Running-Action} from outside as a URL to call.
 */
final class HeaderFilter implements Processor {
    private static final Set<String> FORBIDDEN = Set.of(
            "long-running-action",
            "long-running-action-ended",
            "long-running-action-parent",
            "long-running-action-recovery",
            "link",
            "sagaexpected");

    @Override
    public void process(Exchange exchange) {
        exchange.getMessage().getHeaders().keySet().removeIf(HeaderFilter::isForbidden);
    }

    static boolean isForbidden(String header) {
        String name = header.toLowerCase(Locale.ROOT);
        return name.startsWith("camel") || name.startsWith("org.apache.camel") || FORBIDDEN.contains(name);
    }
}

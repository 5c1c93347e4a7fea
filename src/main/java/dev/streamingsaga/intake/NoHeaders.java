package dev.streamingsaga.intake;

import dev.streamingsaga.annotation.PublicApi;
import org.apache.camel.Exchange;
import org.apache.camel.spi.HeaderFilterStrategy;

/**
 * Blocks all headers in both directions: no property of a message becomes a Camel header, in any letter case, and no
 * Camel header becomes a property of a reply. Registered as the bean {@code <name>-no-headers}, for endpoints of any
 * broker.
 */
@PublicApi
public final class NoHeaders implements HeaderFilterStrategy {
    @Override
    public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
        return true;
    }

    @Override
    public boolean applyFilterToExternalHeaders(String name, Object value, Exchange exchange) {
        return true;
    }
}

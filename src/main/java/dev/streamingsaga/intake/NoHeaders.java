package dev.streamingsaga.intake;

import org.apache.camel.Exchange;
import org.apache.camel.spi.HeaderFilterStrategy;

/**
 * Nothing of a message becomes a header, in any letter case, and no header becomes a property of a reply. Bean
 * {@code <name>-no-headers}, for endpoints of any broker.
 */
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

package dev.streamingsaga.journal;

import dev.streamingsaga.journal.Delivery.Endpoint;
import java.util.Optional;

/**
 * How a saga's document was delivered.
 *
 * @param endpoint which delivers it again after a transient failure; empty: its caller decides
 * @param previous the saga whose redelivery this is; empty if it is none, or not known to be one
 */
public record DeliveryRequest(Optional<Endpoint> endpoint, Optional<String> previous) {
    public static final DeliveryRequest NONE = new DeliveryRequest(Optional.empty(), Optional.empty());
}

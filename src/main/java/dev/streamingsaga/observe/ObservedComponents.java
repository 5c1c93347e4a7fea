package dev.streamingsaga.observe;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Journal;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.camel.CamelContext;

/**
 * The components that metrics and health observe.
 *
 * @param unwrittenReports since the start
 * @param refusedCallbacks since the start
 * @param checks health checks by part; a check throws if the part cannot be used
 */
public record ObservedComponents(
        CamelContext context,
        SagaConfig config,
        Journal journal,
        LongSupplier unwrittenReports,
        LongSupplier refusedCallbacks,
        Map<String, Runnable> checks) {}

package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import java.util.concurrent.ExecutorService;
import org.apache.camel.CamelContext;

/**
 * Threads for chunks, as many as there is work for: {@link InFlight} holds each saga to {@code saga.chunk.parallelism} of them and one
 * for the splitter that reads its plan, so none waits for another saga's. No task may be run by the thread that hands it out: the
 * splitter would go a few calls deeper with each chunk, and hand out nothing while that thread sends. What is handed out while the
 * context stops is dropped; the next start resumes the saga.
 */
final class ChunkPool {
    private ChunkPool() {}

    static ExecutorService create(CamelContext context, SagaConfig config) {
        return context.getExecutorServiceManager().newCachedThreadPool(ChunkPool.class, config.id("chunk"));
    }
}

package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import java.util.concurrent.ExecutorService;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.ThreadPoolBuilder;
import org.apache.camel.util.concurrent.ThreadPoolRejectedPolicy;

/**
 * Threads for chunks. Nothing waits in a queue: when all are busy, the thread that reads on the plan, which the splitter also
 * takes from here, sends a chunk itself. So one saga alone has {@code saga.chunk.parallelism} chunks on their way, and where
 * several share the threads each has at least the one of its own thread.
 */
final class ChunkPool {
    private ChunkPool() {}

    static ExecutorService create(CamelContext context, SagaConfig config) {
        int threads = config.chunk().parallelism();
        try {
            return new ThreadPoolBuilder(context)
                    .poolSize(threads)
                    .maxPoolSize(threads)
                    .maxQueueSize(0)
                    .rejectedPolicy(ThreadPoolRejectedPolicy.CallerRuns)
                    .build(config.id("chunk"));
        } catch (Exception e) {
            throw new IllegalStateException("cannot make the threads for chunks", e);
        }
    }
}

package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import java.util.concurrent.ExecutorService;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.ThreadPoolBuilder;
import org.apache.camel.util.concurrent.ThreadPoolRejectedPolicy;

/**
 * Threads for chunks, made when they are needed: for each saga that may run one for each chunk that it may have on its way, and one
 * for the splitter that hands out its plan and waits for them; {@link InFlight} holds a saga to its share. So nobody waits for another
 * saga. No task may be run by the thread that hands it out: the splitter would go a few calls deeper with each chunk, and hand out
 * nothing while that thread sends. What is handed out while the context stops is dropped; the next start resumes the saga.
 */
final class ChunkPool {
    private ChunkPool() {}

    static ExecutorService create(CamelContext context, SagaConfig config) {
        int threads = (config.chunk().parallelism() + 1) * config.concurrency();
        try {
            return new ThreadPoolBuilder(context)
                    .poolSize(threads)
                    .maxPoolSize(threads)
                    .maxQueueSize(Integer.MAX_VALUE)
                    .rejectedPolicy(ThreadPoolRejectedPolicy.CallerRuns)
                    .build(config.id("chunk"));
        } catch (Exception e) {
            throw new IllegalStateException("cannot make the threads for chunks", e);
        }
    }
}

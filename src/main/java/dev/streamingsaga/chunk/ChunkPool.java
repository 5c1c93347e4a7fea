package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import java.util.concurrent.ExecutorService;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.ThreadPoolBuilder;
import org.apache.camel.util.concurrent.ThreadPoolRejectedPolicy;

/**
 * Threads for the chunks of all sagas. Of each saga at most two tasks wait in the queue, since the splitter hands out its next chunk
 * only when a thread is free to ask for it; so sagas take turns, chunk by chunk. No task may be run by the thread that hands it out:
 * the splitter would go a few calls deeper with each chunk, and hand out nothing while that thread sends. What waits for such tasks
 * on one of these threads must do them itself if nobody else does, as {@link Parallel}. What is handed out while the context stops is
 * dropped; the next start resumes the saga.
 */
final class ChunkPool {
    private ChunkPool() {}

    static ExecutorService create(CamelContext context, SagaConfig config) {
        int threads = config.chunk().parallelism();
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

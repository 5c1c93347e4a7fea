package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.embedded.FaultyS3;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ParallelTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 90).boxed().toList();

    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Queue<Integer> done = new ConcurrentLinkedQueue<>();

    @AfterEach
    void end() {
        pool.shutdownNow();
    }

    @Test
    void the_caller_and_the_pool_work_side_by_side() {
        CyclicBarrier three = new CyclicBarrier(3);

        new Parallel(pool, 3).forEach(ITEMS, item -> {
            meet(three);
            done.add(item);
        });

        assertThat(done).containsExactlyInAnyOrderElementsOf(ITEMS);
    }

    @Test
    void it_works_on_the_threads_of_its_own_pool() throws Exception {
        List<Runnable> both = List.of(() -> new Parallel(pool, 4).forEach(ITEMS, done::add), () -> new Parallel(pool, 4).forEach(ITEMS, done::add));

        for (var each : both.stream().map(pool::submit).toList()) {
            each.get(30, TimeUnit.SECONDS);
        }

        assertThat(done).hasSize(2 * ITEMS.size()).containsAll(ITEMS);
    }

    @Test
    void a_busy_pool_holds_nobody_up_and_gets_nothing_to_do_afterwards() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            pool.execute(() -> FaultyS3.await(end));
        }

        new Parallel(pool, 3).forEach(ITEMS, done::add);

        assertThat(done).containsExactlyElementsOf(ITEMS);
        end.countDown();
        pool.shutdown();
        assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(done).hasSize(ITEMS.size());
    }

    @Test
    void a_failure_is_thrown_when_nobody_works_any_more() {
        CyclicBarrier three = new CyclicBarrier(3);
        AtomicInteger working = new AtomicInteger();

        assertThatThrownBy(() -> new Parallel(pool, 3).forEach(List.of(0, 1, 2), item -> {
                    working.incrementAndGet();
                    meet(three);
                    if (item == 1) {
                        throw new IllegalArgumentException("item 1");
                    }
                    done.add(item);
                    working.decrementAndGet();
                }))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("item 1");

        assertThat(done).containsExactlyInAnyOrder(0, 2);
        assertThat(working).as("but for the one that failed").hasValue(1);
    }

    @Test
    void a_failure_stops_the_rest() {
        assertThatThrownBy(() -> new Parallel(pool, 1).forEach(ITEMS, item -> {
                    done.add(item);
                    throw new IllegalArgumentException("item " + item);
                }))
                .hasMessage("item 0");

        assertThat(done).containsExactly(0);
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}

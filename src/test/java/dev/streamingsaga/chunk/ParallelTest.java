package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@Tag("unit")
class ParallelTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 90).boxed().toList();

    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final AtomicBoolean failed = new AtomicBoolean();
    private final Queue<Integer> done = new ConcurrentLinkedQueue<>();

    @AfterEach
    void end() {
        pool.shutdownNow();
    }

    @Test
    void the_caller_and_the_pool_run_items_in_parallel() {
        CyclicBarrier three = new CyclicBarrier(3);

        new Parallel(pool, 3).forEach(ITEMS, item -> {
            meet(three);
            done.add(item);
        });

        assertThat(done).containsExactlyInAnyOrderElementsOf(ITEMS);
    }

    @Test
    void uses_as_many_threads_as_allowed_the_callers_included() {
        AtomicInteger tasks = new AtomicInteger();

        new Parallel(task -> tasks.incrementAndGet(), 3).forEach(ITEMS, done::add);

        assertThat(tasks).hasValue(2);
        assertThat(done).as("the caller alone").containsExactlyElementsOf(ITEMS);
    }

    @Test
    void reads_no_further_item_after_a_failure() {
        AtomicInteger calls = new AtomicInteger();
        Parallel workerBeforeCaller = new Parallel(Runnable::run, 2);

        assertThatThrownBy(() -> workerBeforeCaller.forEach(ITEMS, item -> {
                    calls.incrementAndGet();
                    throw new IllegalStateException("on purpose");
                }))
                .hasMessage("on purpose");

        assertThat(calls).hasValue(1);
    }

    @Test
    void it_runs_on_threads_of_its_own_pool() throws Exception {
        List<Runnable> both = List.of(
                () -> new Parallel(pool, 4).forEach(ITEMS, done::add),
                () -> new Parallel(pool, 4).forEach(ITEMS, done::add));

        for (var each : both.stream().map(pool::submit).toList()) {
            each.get(30, TimeUnit.SECONDS);
        }

        assertThat(done).hasSize(2 * ITEMS.size()).containsAll(ITEMS);
    }

    @Test
    void a_busy_pool_does_not_delay_the_caller_and_reads_no_item_afterwards() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            pool.execute(() -> awaitEnd(end));
        }
        Iterator<Integer> items = ITEMS.iterator();
        AtomicInteger reads = new AtomicInteger();

        new Parallel(pool, 3)
                .forEach(
                        () -> new Iterator<>() {
                            @Override
                            public boolean hasNext() {
                                reads.incrementAndGet();
                                return items.hasNext();
                            }

                            @Override
                            public Integer next() {
                                return items.next();
                            }
                        },
                        done::add);

        assertThat(done).containsExactlyElementsOf(ITEMS);
        assertThat(reads).hasValue(ITEMS.size() + 1);
        end.countDown();
        pool.shutdown();
        assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(reads).hasValue(ITEMS.size() + 1);
    }

    @Test
    void a_failure_is_thrown_after_all_workers_have_finished() {
        CyclicBarrier three = new CyclicBarrier(3);
        CountDownLatch end = new CountDownLatch(1);
        Thread caller = Thread.currentThread();
        CompletableFuture<Void> release = CompletableFuture.runAsync(() -> {
            // Only when the caller waits for the others may they go on.
            await().until(() -> caller.getState() == Thread.State.WAITING && failed.get());
            end.countDown();
        });

        assertThatThrownBy(() -> new Parallel(pool, 3).forEach(List.of(0, 1, 2), item -> {
                    meet(three);
                    if (Thread.currentThread() == caller) {
                        failed.set(true);
                        throw new IllegalArgumentException("the caller's");
                    }
                    awaitEnd(end);
                    done.add(item);
                }))
                .hasMessage("the caller's");

        assertThat(done).hasSize(2);
        release.join();
    }

    @Test
    void an_error_of_one_stops_the_others() {
        CyclicBarrier three = new CyclicBarrier(3);
        CountDownLatch end = new CountDownLatch(1);
        Thread caller = Thread.currentThread();
        CompletableFuture<Void> release = CompletableFuture.runAsync(() -> {
            await().until(() -> caller.getState() == Thread.State.WAITING && failed.get());
            end.countDown();
        });

        assertThatThrownBy(() -> new Parallel(pool, 3).forEach(ITEMS, item -> {
                    if (item < 3) {
                        meet(three);
                    }
                    if (Thread.currentThread() == caller) {
                        failed.set(true);
                        throw new AssertionError("the caller's");
                    }
                    awaitEnd(end);
                    done.add(item);
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessage("the caller's");

        assertThat(done).hasSize(2);
        release.join();
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

    private static void awaitEnd(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}

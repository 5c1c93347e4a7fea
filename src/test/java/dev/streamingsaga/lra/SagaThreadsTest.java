package dev.streamingsaga.lra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@Tag("unit")
class SagaThreadsTest {
    private static final int BOUND = 16;

    @Test
    void no_thread_is_reused() {
        try (SagaThreads threads = new SagaThreads(1)) {
            Set<Thread> seen = new HashSet<>();
            for (int i = 0; i < 3 * BOUND; i++) {
                seen.add(threads.call(Thread::currentThread).join());
            }
            assertThat(seen).hasSize(3 * BOUND);
        }
    }

    @Test
    void a_body_continues_on_its_own_thread_and_nothing_else_does() {
        try (SagaThreads threads = new SagaThreads(1)) {
            List<Thread> seen = threads.call(() -> {
                        List<Thread> ran = new ArrayList<>(List.of(Thread.currentThread()));
                        threads.continued(() -> ran.add(Thread.currentThread())).join();
                        return ran;
                    })
                    .join();
            List<Thread> outside = new ArrayList<>();
            threads.continued(() -> outside.add(Thread.currentThread())).join();

            assertThat(seen.get(1)).isSameAs(seen.get(0));
            assertThat(outside).doesNotContain(Thread.currentThread(), seen.get(0));
        }
    }

    @Test
    void a_continued_call_fails_unwrapped() {
        try (SagaThreads threads = new SagaThreads(1)) {
            AssertionError error = new AssertionError("simulated");
            assertThatThrownBy(() -> threads.call(() -> threads.continued(() -> {
                                throw error;
                            }))
                            .thenCompose(result -> result)
                            .join())
                    .hasCause(error);
        }
    }

    @Test
    void a_call_beyond_the_limit_is_refused_until_another_has_ended() {
        CountDownLatch held = new CountDownLatch(1);
        try (SagaThreads threads = new SagaThreads(1)) {
            List<CompletableFuture<Void>> busy = new ArrayList<>();
            for (int i = 0; i < BOUND; i++) {
                busy.add(threads.run(() -> await(held)));
            }
            assertRefused(threads.run(() -> {}), "16 are busy");

            held.countDown();
            busy.forEach(CompletableFuture::join);
            Awaitility.await()
                    .ignoreExceptions()
                    .until(() -> threads.call(() -> "taken").join().equals("taken"));
        } finally {
            held.countDown();
        }
    }

    @Test
    void a_failure_is_not_wrapped_and_releases_its_thread() {
        try (SagaThreads threads = new SagaThreads(1)) {
            AssertionError error = new AssertionError("simulated");
            for (int i = 0; i < 2 * BOUND; i++) {
                assertThatThrownBy(() -> threads.run(() -> {
                                    throw error;
                                })
                                .join())
                        .hasCause(error);
            }
        }
    }

    @Test
    void closing_interrupts_running_calls_and_refuses_new_ones() {
        SagaThreads threads = new SagaThreads(1);
        CompletableFuture<Void> stuck = threads.run(() -> await(new CountDownLatch(1)));

        threads.close();

        assertThatThrownBy(stuck::join).hasCauseInstanceOf(IllegalStateException.class);
        assertRefused(threads.run(() -> {}), "closed");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void assertRefused(CompletableFuture<Void> call, String why) {
        assertThatThrownBy(call::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(SagaException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.COORDINATOR_UNAVAILABLE);
                    assertThat(e).hasMessageContaining(why);
                });
    }
}

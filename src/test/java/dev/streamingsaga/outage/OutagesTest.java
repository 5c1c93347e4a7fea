package dev.streamingsaga.outage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class OutagesTest {
    private static final Outage REFUSED = new Outage(Dependency.BUCKET, "refused");

    private final Outages outages = new Outages("test-outages", Duration.ofMillis(50), Clock.systemUTC());
    private final List<List<DownDependency>> seen = new CopyOnWriteArrayList<>();
    private volatile boolean answers;

    private void probe() {
        if (!answers) {
            throw new IllegalStateException("no answer");
        }
    }

    @AfterEach
    void stop() {
        outages.close();
    }

    @Test
    void a_dependency_is_down_from_the_probe_that_fails_to_the_one_that_succeeds() throws Exception {
        outages.watch(Dependency.BUCKET, this::probe);
        outages.addListener(seen::add);

        outages.report(REFUSED, "first");
        outages.report(REFUSED, "second");
        await().until(() -> seen.size() == 1);
        assertThat(outages.current())
                .singleElement()
                .satisfies(down -> assertThat(down.outage()).isEqualTo(REFUSED))
                .satisfies(down -> assertThat(down.sagaId()).isEqualTo("first"));
        assertThat(outages.isDown(Dependency.BUCKET)).isTrue();
        assertThat(outages.isDown(Dependency.DATABASE)).isFalse();

        answers = true;
        outages.awaitRecovery(Dependency.BUCKET, 0, Duration.ofSeconds(30));
        await().until(() -> seen.size() == 2);
        assertThat(seen.get(1)).isEmpty();
        assertThat(outages.recoveries(Dependency.BUCKET)).isOne();
    }

    @Test
    void a_listener_that_fails_is_called_again() {
        AtomicInteger failures = new AtomicInteger(2);
        outages.watch(Dependency.BUCKET, this::probe);
        outages.addListener(down -> {
            if (failures.getAndDecrement() > 0) {
                throw new IllegalStateException("the journal is away, too");
            }
            seen.add(down);
        });

        outages.report(REFUSED, "first");

        await().until(() -> seen.size() == 1);
        assertThat(seen.get(0)).extracting(DownDependency::sagaId).containsExactly("first");
    }

    @Test
    void a_failure_whose_dependency_answers_is_no_outage() {
        answers = true;
        CountDownLatch probed = new CountDownLatch(1);
        outages.watch(Dependency.BUCKET, probed::countDown);
        outages.addListener(seen::add);

        outages.report(REFUSED, "saga");

        await().until(() -> probed.getCount() == 0);
        await().during(Duration.ofMillis(200)).until(seen::isEmpty);
        assertThat(outages.current()).isEmpty();
    }

    @Test
    void a_dependency_whose_probe_hangs_is_down_until_the_probe_ends() {
        CountDownLatch answer = new CountDownLatch(1);
        outages.watch(Dependency.DATABASE, () -> {
            try {
                answer.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        outages.report(new Outage(Dependency.DATABASE, "closed"), "saga");
        await().atMost(Duration.ofSeconds(10)).until(() -> outages.isDown(Dependency.DATABASE));
        answer.countDown();
        await().until(() -> outages.current().isEmpty());
    }

    @Test
    void without_a_probe_nothing_is_known_to_be_down() {
        outages.addListener(seen::add);

        outages.report(REFUSED, "saga");

        await().during(Duration.ofMillis(200)).until(seen::isEmpty);
        assertThat(outages.current()).isEmpty();
    }

    @Test
    void a_listener_that_fails_does_not_keep_others_from_knowing() {
        outages.watch(Dependency.BUCKET, this::probe);
        outages.addListener(down -> {
            throw new IllegalStateException("on purpose");
        });
        outages.addListener(seen::add);

        outages.report(REFUSED, "saga");

        await().until(() -> seen.size() == 1);
    }
}

package dev.streamingsaga.nodes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Asks the database several times a second who runs which saga, how many connections there are, and how many queries.
 */
final class Observer implements AutoCloseable {
    private static final long INTERVAL_MILLIS = 500;
    private static final String ENDED = "('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED')";

    private final Cluster cluster;
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
    private final Map<String, String> runs = new HashMap<>();
    private final Map<String, Long> lostAt = new HashMap<>();
    private final Map<String, String> lostBy = new HashMap<>();
    private final List<Long> takeOvers = new ArrayList<>();
    private final Map<String, Long> connections = new TreeMap<>();

    Observer(Cluster cluster) {
        this.cluster = cluster;
        clock.scheduleWithFixedDelay(this::look, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            Map<String, String> now = new HashMap<>();
            for (String[] row : cluster.database().rows("select saga_id, node from saga where state not in " + ENDED)) {
                now.put(row[0], row[1]);
            }
            notice(now);
            for (String[] row : cluster.database()
                    .rows("select client_addr, count(*) from pg_stat_activity where backend_type = 'client backend'"
                            + " and usename = 'saga' group by 1")) {
                connections.merge(row[0], Long.parseLong(row[1]), Math::max);
            }
        } catch (IllegalStateException e) {
            // The database is away, as intended.
        }
    }

    private synchronized void notice(Map<String, String> now) {
        for (String saga : List.copyOf(lostAt.keySet())) {
            String runsNow = now.get(saga);
            if (runsNow == null || !runsNow.equals(lostBy.get(saga))) {
                takeOvers.add(System.currentTimeMillis() - lostAt.remove(saga));
            }
        }
        runs.clear();
        runs.putAll(now);
    }

    /** The node was killed: until another process runs its sagas, they count as lost. */
    synchronized void killed(Node node) {
        runs.forEach((saga, runner) -> {
            if (runner.startsWith(node.name() + "-")) {
                lostAt.putIfAbsent(saga, System.currentTimeMillis());
                lostBy.put(saga, runner);
            }
        });
    }

    synchronized String takeOverTimes() {
        if (takeOvers.isEmpty()) {
            return "none";
        }
        Collections.sort(takeOvers);
        return "%d sagas, median %.1f s, max %.1f s"
                .formatted(
                        takeOvers.size(),
                        takeOvers.get(takeOvers.size() / 2) / 1000.0,
                        takeOvers.get(takeOvers.size() - 1) / 1000.0);
    }

    /** Most connections of each host at a time. */
    Map<String, Long> connections() {
        return connections;
    }

    static long queries(Database database) {
        return database.count("select coalesce(sum(calls), 0)::bigint from pg_stat_statements where userid ="
                + " (select oid from pg_roles where rolname = 'saga') and query !~* '^(begin|commit|rollback|set)'");
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}

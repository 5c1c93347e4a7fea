package dev.streamingsaga.retention;

import dev.streamingsaga.config.RetentionPeriod;
import dev.streamingsaga.journal.ArchiveRepository;
import dev.streamingsaga.journal.ArchiveRepository.ArchivedSaga;
import dev.streamingsaga.journal.ArchiveRepository.Candidate;
import dev.streamingsaga.journal.ArchiveRepository.Ended;
import dev.streamingsaga.journal.ArchiveRepository.HistoryPage;
import dev.streamingsaga.journal.Journal;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Archives sagas that ended long ago and removes them from the journal. Of a saga whose document still exists, only the
 * events go. Each batch is durable in the archive before its rows are removed in one transaction: after a crash, some
 * lines may be in the archive twice, none is lost.
 */
public final class JournalRetention implements RetentionRule {
    private static final String KIND = "journal";
    private static final int PAGE = 500;
    private static final int MAX_SAGAS = 100;
    private static final int MAX_CHUNKS = 5_000;

    private final ArchiveRepository journal;
    private final Clock clock;
    private final Optional<RetentionPeriod> period;
    private final ArchiveFiles files;

    public JournalRetention(Journal journal, Path dataDir, Optional<RetentionPeriod> period) {
        this.journal = journal.archive();
        this.clock = journal.clock();
        this.period = period;
        this.files = new ArchiveFiles(dataDir, clock);
    }

    @Override
    public String name() {
        return KIND;
    }

    @Override
    public String period() {
        return period.map(RetentionPeriod::toString).orElse("");
    }

    private Instant before() {
        return period.orElseThrow().before(clock.instant());
    }

    @Override
    public RuleReport preview(RetentionPass limits) {
        return new Work(limits, false).all();
    }

    @Override
    public RuleReport run(RetentionPass pass) {
        return new Work(pass, true).all();
    }

    /** One pass. */
    private final class Work {
        private final RetentionPass pass;
        private final boolean removes;
        private final Instant before = before();
        private final RuleReport.Builder report;

        Work(RetentionPass pass, boolean removes) {
            this.pass = pass;
            this.removes = removes;
            this.report = new RuleReport.Builder(JournalRetention.this, pass);
        }

        RuleReport all() {
            for (Ended why : Ended.values()) {
                sagas(why);
            }
            histories();
            return report.build();
        }

        private boolean mayContinue() {
            if (report.left() > 0 && pass.mayContinue()) {
                return true;
            }
            report.incomplete();
            return false;
        }

        private void sagas(Ended why) {
            String last = "";
            List<Candidate> page;
            do {
                page = journal.ended(why, before, last, PAGE);
                page.stream()
                        .filter(saga -> !saga.kept().isEmpty())
                        .forEach(saga -> report.held(saga.sagaId(), saga.kept()));
                for (List<String> batch : batches(page)) {
                    if (!mayContinue()) {
                        return;
                    }
                    List<String> ids = batch.subList(0, Math.min(batch.size(), report.left()));
                    if (removes) {
                        archive(why, ids);
                    } else {
                        ids.forEach(report::add);
                    }
                }
                last = page.isEmpty() ? last : page.get(page.size() - 1).sagaId();
            } while (page.size() == PAGE);
        }

        private void archive(Ended why, List<String> ids) {
            List<ArchivedSaga> sagas = journal.read(ids);
            String file = write("saga", sagas);
            removed(journal.remove(why, before, sagas, file), file);
        }

        private void histories() {
            String last = "";
            do {
                HistoryPage page = journal.histories(before, last, 4 * PAGE);
                for (int from = 0; from < page.sagaIds().size(); from += MAX_SAGAS) {
                    if (!mayContinue()) {
                        return;
                    }
                    int to = Math.min(page.sagaIds().size(), from + Math.min(MAX_SAGAS, report.left()));
                    history(page.sagaIds().subList(from, to));
                }
                last = page.last();
            } while (!last.isEmpty());
        }

        private void history(List<String> ids) {
            if (!removes) {
                ids.forEach(report::add);
                return;
            }
            List<ArchivedSaga> sagas = journal.readHistories(before, ids);
            String file = write("history", sagas);
            removed(journal.removeHistories(before, sagas, file), file);
        }

        private String write(String what, List<ArchivedSaga> sagas) {
            String file = files.file(KIND);
            files.append(file, sagas.stream().map(saga -> line(what, saga)).toList());
            return file;
        }

        private Map<String, Object> line(String what, ArchivedSaga saga) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("format", 1);
            line.put("record", what);
            line.put("sagaId", saga.sagaId());
            line.put("archivedAt", clock.instant().toString());
            line.putAll(saga.tables());
            return line;
        }

        private void removed(Set<String> ids, String file) {
            ids.forEach(report::add);
            report.file(file);
            pass.pause();
        }
    }

    /** A batch is one transaction, and is held in memory. */
    private static List<List<String>> batches(List<Candidate> page) {
        List<List<String>> batches = new ArrayList<>();
        int chunks = 0;
        for (Candidate saga : page) {
            if (saga.kept().isEmpty()) {
                boolean isFull = batches.isEmpty()
                        || batches.get(batches.size() - 1).size() == MAX_SAGAS
                        || chunks + saga.chunks() > MAX_CHUNKS;
                if (isFull) {
                    batches.add(new ArrayList<>());
                    chunks = 0;
                }
                batches.get(batches.size() - 1).add(saga.sagaId());
                chunks += saga.chunks();
            }
        }
        return batches;
    }
}

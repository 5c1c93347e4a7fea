package dev.streamingsaga.operations;

import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupPage;
import dev.streamingsaga.journal.CleanupQuery;
import dev.streamingsaga.journal.CleanupRepository.CleanupCommand;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaPage;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.BulkOutcome.Refusal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** Journals one command for each saga or clean-up entry that matches a query. */
final class BulkCommands {
    /** Each page of a text search scans a limited number of sagas. */
    private static final int MAX_PAGES = 25;

    private final Journal journal;
    private final SagaCommands commands;
    private final Visibility visibility;
    private final AuditTrail trail;

    BulkCommands(Journal journal, SagaCommands commands, Visibility visibility, AuditTrail trail) {
        this.journal = journal;
        this.visibility = visibility;
        this.trail = trail;
        this.commands = commands;
    }

    private record Selection(List<SagaRecord> sagas, boolean more) {}

    BulkOutcome preview(OperatorCommand command, SagaQuery query, int limit) {
        Selection selection = select(command, query, limit);
        return new BulkOutcome(selection.sagas().size(), List.of(), selection.more());
    }

    BulkOutcome request(OperatorCommand command, SagaQuery query, int limit) {
        Selection selection = select(command, query, limit);
        List<Refusal> refusals = new ArrayList<>();
        for (SagaRecord saga : selection.sagas()) {
            try {
                commands.requestNow(saga.sagaId(), command);
            } catch (WrongStateException e) {
                refusals.add(new Refusal(saga.sagaId(), String.valueOf(e.getMessage())));
            }
        }
        return new BulkOutcome(selection.sagas().size() - refusals.size(), refusals, selection.more());
    }

    /** Sagas without an outcome first, then those whose document is to be delivered again. */
    private Selection select(OperatorCommand command, SagaQuery selected, int limit) {
        SagaQuery query = selected.within(visibility.limit());
        EnumSet<SagaState> states = EnumSet.allOf(SagaState.class);
        states.removeIf(state -> !query.states().contains(state) || !SagaCommands.accepts(state, command));
        Selection running = select(query.in(states), limit, journal.pages()::page);
        if (running.more() || command == OperatorCommand.PAUSE) {
            return running;
        }
        Selection again = select(query, limit - running.sagas().size(), journal.pages()::dueAgain);
        List<SagaRecord> both = new ArrayList<>(running.sagas());
        again.sagas().stream()
                .filter(saga ->
                        command == OperatorCommand.CANCEL || saga.delivery().isDue())
                .forEach(both::add);
        return new Selection(both, again.more());
    }

    private static Selection select(SagaQuery query, int limit, BiFunction<SagaQuery, Integer, SagaPage> pages) {
        List<SagaRecord> sagas = new ArrayList<>();
        Optional<SagaQuery> page = Optional.of(query);
        for (int n = 0; n < MAX_PAGES && page.isPresent() && sagas.size() < limit; n++) {
            SagaQuery current = page.get();
            SagaPage found = pages.apply(current, limit - sagas.size());
            sagas.addAll(found.sagas());
            page = found.next().map(current::next);
        }
        return new Selection(sagas, page.isPresent());
    }

    BulkOutcome previewCleanups(CleanupQuery query, int limit) {
        CleanupPage page = journal.cleanups().page(query.within(visibility.limit()), limit);
        return new BulkOutcome(page.entries().size(), List.of(), page.next().isPresent());
    }

    /** A retry of an entry retries its whole step: one command for each saga and step is enough. */
    BulkOutcome retry(CleanupQuery query, int limit) {
        CleanupPage page = journal.cleanups().page(query.within(visibility.limit()), limit);
        Map<String, String> firstOfStep = new LinkedHashMap<>();
        page.entries()
                .forEach(entry -> firstOfStep.putIfAbsent(entry.sagaId() + " " + entry.step(), entry.cleanupId()));
        return request(page, firstOfStep.values(), CleanupCommand.RETRY, "");
    }

    BulkOutcome resolve(CleanupQuery query, String reason, int limit) {
        CleanupPage page = journal.cleanups().page(query.within(visibility.limit()), limit);
        return request(
                page, page.entries().stream().map(CleanupEntry::cleanupId).toList(), CleanupCommand.RESOLVE, reason);
    }

    private BulkOutcome request(
            CleanupPage page, Collection<String> cleanupIds, CleanupCommand command, String reason) {
        AuditAction action = command == CleanupCommand.RETRY ? AuditAction.RETRY : AuditAction.RESOLVE;
        trail.inTransaction(() -> {
            journal.cleanups().requestCommands(cleanupIds, command, reason);
            page.entries()
                    .forEach(entry -> trail.record(action, null, entry.sagaId(), Cleanups.details(entry, reason)));
        });
        return new BulkOutcome(page.entries().size(), List.of(), page.next().isPresent());
    }
}

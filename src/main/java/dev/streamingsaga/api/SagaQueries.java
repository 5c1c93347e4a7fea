package dev.streamingsaga.api;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaFilter;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.WarningCode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** Reads the query parameters that select sagas. */
final class SagaQueries {
    private static final int MAX_TEXT_CHARS = 200;
    private static final String WARNING = "warning";
    private static final String ANY = "any";
    private static final String BEFORE = "before";
    private static final String AFTER = "after";
    private static final String[] FILTER = {"state", "attention", "q", "reason", "name", "owner", WARNING, BEFORE, AFTER
    };

    private SagaQueries() {}

    /** The parameters that select sagas, and these others. */
    static String[] parameters(String... others) {
        return Stream.of(FILTER, others).flatMap(Stream::of).toArray(String[]::new);
    }

    /**
     * A value of {@code before} or {@code after} is a saga id or a time. An id sets the order, too.
     *
     * @throws Problem 400 if a value is invalid
     */
    static SagaQuery of(Query query) {
        SagaQuery all = SagaQuery.ALL
                .in(query.text("state").map(SagaQueries::states).orElse(EnumSet.allOf(SagaState.class)))
                .containing(bounded(query, "q"))
                .filtered(filter(query));
        SagaQuery selected = query.flag("attention") ? all.needingAttention() : all;
        boolean oldestFirst = query.has(AFTER) && isId(query, AFTER);
        if (oldestFirst && query.has(BEFORE) && isId(query, BEFORE)) {
            throw new Problem(
                    400,
                    "bad-parameter",
                    "before and after exclude each other if both are saga ids: before lists newest first, after lists"
                            + " oldest first; use times to select a range");
        }
        String id = query.text(oldestFirst ? AFTER : BEFORE)
                .filter(value -> isId(query, oldestFirst ? AFTER : BEFORE))
                .orElse("");
        String from = query.text("cursor").map(SagaQueries::cursor).orElse(id);
        return oldestFirst ? selected.after(from) : selected.before(from);
    }

    private static SagaFilter filter(Query query) {
        SagaFilter filter = SagaFilter.NONE.named(bounded(query, "name")).ownedBy(bounded(query, "owner"));
        filter = with(filter, query.text("reason").map(SagaQueries::reason), SagaFilter::failedFor);
        filter = with(filter, query.text(WARNING), SagaQueries::withWarning);
        filter = with(filter, time(query, AFTER), SagaFilter::receivedFrom);
        return with(filter, time(query, BEFORE), SagaFilter::receivedBefore);
    }

    private static <T> SagaFilter with(
            SagaFilter filter, Optional<T> value, BiFunction<SagaFilter, T, SagaFilter> condition) {
        return value.map(present -> condition.apply(filter, present)).orElse(filter);
    }

    private static SagaFilter withWarning(SagaFilter filter, String word) {
        return word.equals(ANY)
                ? filter.withWarnings()
                : filter.withWarning(constant(WARNING, WarningCode.values(), word));
    }

    private static String bounded(Query query, String name) {
        String text = query.text(name).orElse("");
        if (text.length() > MAX_TEXT_CHARS) {
            throw new Problem(
                    400,
                    "bad-parameter",
                    name + " must have at most " + MAX_TEXT_CHARS + " characters, had " + text.length());
        }
        return text;
    }

    private static String cursor(String value) {
        if (!value.matches("[0-9a-z]{1,64}")) {
            throw new Problem(
                    400,
                    "bad-parameter",
                    "cursor must come from the header Link of the page before, was " + RequestText.shown(value));
        }
        return value;
    }

    private static boolean isId(Query query, String name) {
        return query.text(name).map(value -> value.matches("[0-9a-z]{1,64}")).orElse(true);
    }

    private static Optional<Instant> time(Query query, String name) {
        return isId(query, name) ? Optional.empty() : query.text(name).map(value -> time(name, value));
    }

    /** @throws Problem 400 if it is no time */
    static Instant time(String name, String value) {
        try {
            return value.contains("T")
                    ? OffsetDateTime.parse(value).toInstant()
                    : LocalDate.parse(value).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException e) {
            throw new Problem(
                    400,
                    "bad-parameter",
                    name + " must be a time such as 2026-03-01 or 2026-03-01T14:30:00Z"
                            + (isPage(name) ? ", or a saga id" : "") + ", was "
                            + RequestText.shown(value),
                    e);
        }
    }

    private static boolean isPage(String name) {
        return name.equals(BEFORE) || name.equals(AFTER);
    }

    private static Reason reason(String word) {
        return constant("reason", Reason.values(), word);
    }

    private static Set<SagaState> states(String words) {
        Set<SagaState> states = EnumSet.noneOf(SagaState.class);
        for (String word : words.split(",")) {
            states.add(constant("state", SagaState.values(), word));
        }
        return states;
    }

    /** @throws Problem 400 if there is no constant of this name */
    static <E extends Enum<E>> E constant(String what, E[] constants, String word) {
        return Arrays.stream(constants)
                .filter(constant -> constant.name().equals(word))
                .findFirst()
                .orElseThrow(() -> new Problem(
                        400,
                        "bad-parameter",
                        "unknown " + what + " " + RequestText.shown(word) + "; valid are "
                                + Arrays.toString(constants)));
    }
}

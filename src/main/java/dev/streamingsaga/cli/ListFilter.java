package dev.streamingsaga.cli;

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
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of {@code list} that select sagas. */
final class ListFilter {
    @Option(
            names = "--attention",
            description = "only sagas that need an operator: paused, with residue, with blocked clean-ups,"
                    + " or with documents that do not become visible")
    boolean attention;

    @Option(names = "--state", split = ",", paramLabel = "STATE", description = "only sagas in this state")
    List<SagaState> states = List.of();

    @Option(
            names = "--name",
            defaultValue = "",
            paramLabel = "NAME",
            description = "only sagas of this file name; with * in place of any characters, in upper or lower case")
    String name = "";

    @Option(names = "--reason", paramLabel = "REASON", description = "only sagas that failed for this reason")
    @Nullable
    Reason reason;

    @Option(
            names = "--owner",
            defaultValue = "",
            paramLabel = "OWNER",
            description = "only sagas whose security record has this owner")
    String owner = "";

    @Option(
            names = "--warning",
            paramLabel = "CODE",
            converter = WarningConverter.class,
            description = "only sagas with a warning of this code; any: with any warning")
    @Nullable
    UnaryOperator<SagaFilter> warning;

    @Option(
            names = "--after",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "only sagas received then or later, such as 2026-03-01 or 2026-03-01T14:30:00Z")
    @Nullable
    Instant after;

    @Option(
            names = "--before",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "only sagas received before")
    @Nullable
    Instant before;

    SagaQuery query() {
        SagaFilter filter = SagaFilter.NONE.named(name).ownedBy(owner);
        filter = reason == null ? filter : filter.failedFor(reason);
        filter = warning == null ? filter : warning.apply(filter);
        filter = after == null ? filter : filter.receivedFrom(after);
        filter = before == null ? filter : filter.receivedBefore(before);
        SagaQuery query = SagaQuery.ALL.filtered(filter);
        query = states.isEmpty() ? query : query.in(EnumSet.copyOf(states));
        return attention ? query.needingAttention() : query;
    }

    static final class WarningConverter implements ITypeConverter<UnaryOperator<SagaFilter>> {
        @Override
        public UnaryOperator<SagaFilter> convert(String value) {
            if (value.equalsIgnoreCase("any")) {
                return SagaFilter::withWarnings;
            }
            WarningCode code = WarningCode.find(value.toUpperCase(Locale.ROOT))
                    .orElseThrow(() -> new TypeConversionException("'" + value + "' is not any or one of "
                            + Arrays.stream(WarningCode.values())
                                    .map(Enum::name)
                                    .collect(Collectors.joining(", "))));
            return filter -> filter.withWarning(code);
        }
    }

    static final class TimeConverter implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String value) {
            try {
                return value.contains("T")
                        ? OffsetDateTime.parse(value).toInstant()
                        : LocalDate.parse(value).atStartOfDay(ZoneOffset.UTC).toInstant();
            } catch (DateTimeException e) {
                throw new TypeConversionException(
                        "'" + value + "' is not a time such as 2026-03-01 or 2026-03-01T14:30:00Z");
            }
        }
    }
}

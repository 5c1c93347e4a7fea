package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/**
 * The number and the codes of the warnings of a saga.
 *
 * @param codes names of {@link WarningCode}, each once, in the order of the warnings; a newer version may have added
 *     some
 */
@PublicApi
public record WarningTally(int count, List<String> codes) {
    public static final WarningTally NONE = new WarningTally(0, List.of());

    public WarningTally {
        codes = List.copyOf(codes);
    }

    /** @param row of the table {@code saga} */
    static WarningTally of(ResultSet row) throws SQLException {
        int count = row.getInt("warning_count");
        return count == 0
                ? NONE
                : new WarningTally(count, List.of(row.getString("warning_codes").split(",")));
    }
}

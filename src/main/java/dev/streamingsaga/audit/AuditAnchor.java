package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The newest entry of the audit log at some moment, kept outside of the database: the log must contain it forever. Its
 * text is {@code SEQUENCE:HASH}.
 */
@PublicApi
public record AuditAnchor(long sequence, String hash) {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,18}):([0-9a-f]{64})");

    public static Optional<AuditAnchor> parse(String text) {
        Matcher anchor = TEXT.matcher(text.strip());
        return anchor.matches()
                ? Optional.of(new AuditAnchor(Long.parseLong(anchor.group(1)), anchor.group(2)))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return sequence + ":" + hash;
    }
}

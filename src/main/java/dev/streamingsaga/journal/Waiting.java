package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why an unfinished saga does not continue.
 *
 * @param reason begins with "waits for"
 * @param since when the first attempt of its step failed
 * @param nextAttempt when the step is tried again at the latest, unless what it waits for is known to be down
 */
@PublicApi
public record Waiting(String reason, Instant since, Instant nextAttempt) {
    private static final Pattern HOST = Pattern.compile("waits for its host (.*), which has the original");
    private static final Pattern DEPENDENCY = Pattern.compile("waits for (?:the )?([^:]*).*", Pattern.DOTALL);

    /** The reason of a saga whose original only this host can read. */
    public static String forHost(String host) {
        return "waits for its host " + host + ", which has the original";
    }

    /** What the saga waits for, without details: {@code bucket}, {@code source host NODE}. */
    public String what() {
        Matcher host = HOST.matcher(reason);
        return host.matches()
                ? "source host " + host.group(1)
                : DEPENDENCY.matcher(reason).replaceFirst("$1");
    }
}

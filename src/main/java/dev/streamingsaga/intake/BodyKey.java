package dev.streamingsaga.intake;

import dev.streamingsaga.digest.Sha256;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Identifies a received body by its sender, document name and content, whichever node received it. Its text is the
 * {@link dev.streamingsaga.journal.Origin#key} of the body's saga.
 *
 * @param endpoint {@code http} or {@code jms}
 * @param fileName the body's name in the spool of each node
 */
public record BodyKey(String endpoint, String fileName) {
    private static final Pattern TEXT = Pattern.compile("([a-z]{1,10}):([0-9a-f]{32}(?:[.][a-z0-9]{1,10})?)");
    private static final Pattern TYPE = Pattern.compile("[a-z0-9]{1,10}");
    private static final int HASH_CHARS = 32;

    /** @param sha256 of the body, lower-case hex */
    public static BodyKey of(String endpoint, String sender, String documentName, String sha256) {
        String hash = Sha256.of(sender + "\n" + documentName + "\n" + sha256).substring(0, HASH_CHARS);
        String type = documentName.replaceFirst("^.*[.]", "").toLowerCase(Locale.ROOT);
        boolean typed = documentName.contains(".") && TYPE.matcher(type).matches();
        return new BodyKey(endpoint, typed ? hash + "." + type : hash);
    }

    /** Empty if the text is the key of another source, such as the path of a file. */
    public static Optional<BodyKey> parse(String key) {
        Matcher matcher = TEXT.matcher(key);
        return matcher.matches() ? Optional.of(new BodyKey(matcher.group(1), matcher.group(2))) : Optional.empty();
    }

    @Override
    public String toString() {
        return endpoint + ":" + fileName;
    }
}

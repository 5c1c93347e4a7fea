package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** What text of a document is missing or uncertain. Its bytes are stored and verified in any case. */
@PublicApi
public enum WarningCode {
    /** The document is encrypted. */
    LOCKED,
    /** The file is malformed or incomplete; the text that could be read is searchable. */
    DAMAGED,
    /** The text exceeds a configured limit; the text beyond it is missing. */
    TEXT_TRUNCATED,
    /** The pages have images or drawings but no text: usually a scan. */
    NO_TEXT_LAYER,
    /** The text was recognised in images and may have wrong letters. */
    TEXT_RECOGNISED,
    /** Reading it needed more memory than {@code saga.content.memory}. */
    OUT_OF_MEMORY,
    /** Reading it needed more processor time than allowed. */
    CPU_TIME,
    /** Reading it wrote more temporary data than allowed. */
    DISK_LIMIT,
    /** The parser did nothing for too long. */
    STALLED,
    /** The process that read it ended unexpectedly. */
    READER_DIED,
    /** Parsers of other documents do not stop, so no reader was free. */
    NO_READER,
    /** Files inside it were not read. */
    ATTACHMENTS_NOT_READ,
    /** The pages of a form only say that another program is needed to show it. */
    XFA_PLACEHOLDER,
    /** The file does not name its charset, which was guessed. */
    ENCODING_GUESSED,
    /** Text cannot be read from files of this type. */
    TYPE_UNKNOWN;

    private static final Set<WarningCode> READING_FAILURES =
            EnumSet.of(LOCKED, DAMAGED, OUT_OF_MEMORY, CPU_TIME, DISK_LIMIT, STALLED, READER_DIED, NO_READER);

    /**
     * Whether reading failed, so that {@code saga.content.on-failure=reject} does not keep the document. Text that is
     * missing because of a setting or the kind of document is not a failure.
     */
    public boolean isReadingFailure() {
        return READING_FAILURES.contains(this);
    }

    /** The code of that name; empty if only a newer version knows it. */
    public static Optional<WarningCode> find(String name) {
        return Arrays.stream(values()).filter(code -> code.name().equals(name)).findFirst();
    }
}

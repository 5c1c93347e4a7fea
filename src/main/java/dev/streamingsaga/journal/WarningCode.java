package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** What about a document's text is missing or uncertain. Its bytes are stored and proved all the same. */
@PublicApi
public enum WarningCode {
    /** It needs a password. */
    LOCKED,
    /** It breaks the rules of its format; what could be read of it is searchable. */
    DAMAGED,
    /** A limit of a setting was reached; the text beyond it is missing. */
    TEXT_TRUNCATED,
    /** Pages that show something, but have no text: a scan, most of the time. */
    NO_TEXT_LAYER,
    /** Text that was recognised in images, and so may have wrong letters. */
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
    /** Files inside it were not read. */
    ATTACHMENTS_NOT_READ,
    /** A form whose visible pages only say that another program is needed. */
    XFA_PLACEHOLDER,
    /** Its charset stands nowhere in it and was guessed. */
    ENCODING_GUESSED,
    /** Its type is unknown, or one whose text cannot be read. */
    TYPE_UNKNOWN;

    private static final Set<WarningCode> READING_FAILURES =
            EnumSet.of(LOCKED, DAMAGED, OUT_OF_MEMORY, CPU_TIME, DISK_LIMIT, STALLED, READER_DIED);

    /**
     * Whether reading failed, so that {@code saga.content.on-failure=reject} does not keep the document. Text that is
     * missing by a setting or by the kind of the document is no failure.
     */
    public boolean isReadingFailure() {
        return READING_FAILURES.contains(this);
    }

    /** The code of that name; empty if only a newer version knows it. */
    public static Optional<WarningCode> find(String name) {
        return Arrays.stream(values()).filter(code -> code.name().equals(name)).findFirst();
    }
}

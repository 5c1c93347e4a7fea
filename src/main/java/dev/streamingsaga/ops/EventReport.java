package dev.streamingsaga.ops;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.datadir.PrivateFile;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.probe.SideEffects;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A report with one line for each event of a kind, in the order of the journal. Only the lines of the last minutes are
 * compared with the journal: another node may have committed an earlier event meanwhile. What precedes them stays as it
 * is, also over restarts: a file beside the report remembers how far it is settled. If that file does not fit, the
 * whole report is written again.
 */
final class EventReport {
    private static final Duration SETTLED_AFTER = Duration.ofMinutes(5);
    private static final int PAGE = 500;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Journal journal;
    private final EventKind kind;
    private final Function<Event, String> line;
    private final Path file;
    private final Path cursorFile;
    private Cursor cursor = Cursor.START;
    private boolean opened;

    /** @param line the text of a line */
    EventReport(Journal journal, EventKind kind, Function<Event, String> line, Path file) {
        this.journal = journal;
        this.kind = kind;
        this.line = line;
        this.file = file;
        this.cursorFile = file.resolveSibling("." + file.getFileName() + ".settled");
    }

    /** The report is settled up to this event, whose line ends at this byte. */
    private record Cursor(String eventId, long bytes) {
        static final Cursor START = new Cursor("", 0);
    }

    /** Brings the report up to date. */
    void update() throws IOException {
        if (!opened) {
            cursor = stored();
            opened = true;
        }
        Cursor before = cursor;
        if (!Files.exists(file) || Files.size(file) < cursor.bytes()) {
            cursor = Cursor.START;
        }
        append();
        if (!cursor.equals(before)) {
            store();
        }
    }

    private void append() throws IOException {
        Instant settled = journal.clock().instant().minus(SETTLED_AFTER);
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        Cursor from = cursor;
        String last = cursor.eventId();
        List<Event> page;
        do {
            page = journal.events().after(kind, last, PAGE);
            for (Event event : page) {
                lines.writeBytes((line.apply(event) + "\n").getBytes(StandardCharsets.UTF_8));
                last = event.eventId();
                if (event.at().isBefore(settled)) {
                    cursor = new Cursor(last, from.bytes() + lines.size());
                }
            }
            if (page.size() == PAGE && cursor.bytes() == from.bytes() + lines.size()) {
                write(from.bytes(), lines.toByteArray());
                lines.reset();
                from = cursor;
            }
        } while (page.size() == PAGE);
        write(from.bytes(), lines.toByteArray());
    }

    /** Lets the file end with these bytes after the first ones. A reader sees no line disappear that stays. */
    private void write(long position, byte[] end) throws IOException {
        long present = Files.exists(file) ? Files.size(file) - position : -1;
        byte[] known = present > 0 ? read(position, Math.min(present, end.length)) : new byte[0];
        int same = Arrays.mismatch(known, end);
        same = same < 0 ? end.length : same;
        if (present == end.length && same == end.length) {
            return;
        }
        try (SideEffects.Span watched =
                        SideEffects.begin("report", file.getFileName().toString());
                FileChannel channel = FileChannel.open(Permissions.file(file), StandardOpenOption.WRITE)) {
            channel.truncate(position + same);
            channel.position(position + same);
            ByteBuffer rest = ByteBuffer.wrap(end, same, end.length - same);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
        }
    }

    private byte[] read(long position, long length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            int count = 0;
            while (bytes.hasRemaining() && count >= 0) {
                count = channel.read(bytes, position + bytes.position());
            }
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /** What an earlier process has settled, if it was with this journal. */
    private Cursor stored() {
        try {
            JsonNode fields = Files.exists(cursorFile) ? JSON.readTree(cursorFile.toFile()) : JSON.createObjectNode();
            String eventId = fields.path("eventId").asText();
            boolean fits = fields.path("epoch").asText().equals(journal.epoch())
                    && journal.events().find(eventId).isPresent();
            return fits ? new Cursor(eventId, fields.path("bytes").asLong()) : Cursor.START;
        } catch (IOException e) {
            return Cursor.START;
        }
    }

    private void store() throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("epoch", journal.epoch());
        fields.put("eventId", cursor.eventId());
        fields.put("bytes", cursor.bytes());
        PrivateFile.write(cursorFile, (JsonLine.of(fields) + "\n").getBytes(StandardCharsets.UTF_8));
    }
}

package dev.streamingsaga.text;

/** Recognises the lines of a dump, as {@code xxd}, {@code hexdump} and {@code od} write them, by their offsets. */
final class DumpLines {
    private final DumpSequence hexadecimal = new DumpSequence(16);
    private final DumpSequence octal = new DumpSequence(8);

    /** Whether the line has an offset and bytes, and comes after the last one. */
    boolean continues(String line) {
        boolean isHexadecimal = hexadecimal.continues(line);
        return octal.continues(line) || isHexadecimal;
    }

    void end() {
        hexadecimal.end();
        octal.end();
    }
}

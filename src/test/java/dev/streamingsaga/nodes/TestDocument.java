package dev.streamingsaga.nodes;

import dev.streamingsaga.testkit.SamplePdf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** A document with content of its own: no other has the same bytes. */
record TestDocument(int number, Entry entry, String name, String sha256, Path file) {
    /** How it reaches a node. */
    enum Entry {
        HTTP,
        BYTES_MESSAGE,
        CLAIM_CHECK,
        DROP_FOLDER
    }

    private static final int MIB = 1024 * 1024;

    /** Writes the content into the folder, where it stays for the comparison at the end. */
    static TestDocument create(int number, Path folder) throws IOException {
        Entry entry = Entry.values()[number % Entry.values().length];
        String name = "document-%03d%s".formatted(number, number % 9 == 0 ? ".pdf" : number % 9 < 6 ? ".txt" : ".bin");
        Path file = folder.resolve(name);
        byte[] content = content(number, file);
        Files.write(file, content);
        return new TestDocument(number, entry, name, sha256(content), file);
    }

    private static byte[] content(int number, Path file) throws IOException {
        return switch (number % 9) {
            case 0 -> pdf(number, file);
            case 1, 2, 3, 4 -> text(number, 1 + number % 30);
            case 5 -> new byte[] {(byte) (number / 9)};
            case 6, 7 -> noise(number, 1 + number * 9973 % (2 * MIB));
            default -> noise(number, number % 5 == 0 ? 11 * MIB + number : 300_000 + number);
        };
    }

    private static byte[] pdf(int number, Path file) throws IOException {
        SamplePdf.write(file, 1 + number % 4, number % 18 == 0 ? MIB : 0);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(Files.readAllBytes(file));
        bytes.write(("%" + number + "\n").getBytes(StandardCharsets.US_ASCII));
        return bytes.toByteArray();
    }

    private static byte[] text(int number, int sentences) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < sentences; i++) {
            text.append("Keeper %d counted %d gulls before breakfast. ".formatted(number, i));
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] noise(int number, int size) {
        byte[] bytes = new byte[size];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    byte[] content() throws IOException {
        return Files.readAllBytes(file);
    }
}

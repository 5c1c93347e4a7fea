package dev.streamingsaga.store;

import dev.streamingsaga.embedding.Embedder;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Texts and their vectors, the last {@value #QUESTIONS} for questions. Segments beyond the texts are mixed from two of
 * them. Vectors stay on the disk, so that the heap is that of the application.
 */
final class EmbeddedCorpus implements AutoCloseable {
    static final int QUESTIONS = 100;
    private static final int BATCH = 256;

    private final List<String> texts;
    private final FileChannel vectors;
    private final int dimension;

    private EmbeddedCorpus(List<String> texts, FileChannel vectors, int dimension) {
        this.texts = texts;
        this.vectors = vectors;
        this.dimension = dimension;
    }

    /** Embeds the lines of a text file that the model can read, at most so many, once: keeps them beside it. */
    static EmbeddedCorpus of(Path lines, int limit, Embedder model) throws IOException {
        Path texts = Path.of(lines + "." + limit + ".texts");
        Path vectors = Path.of(lines + "." + limit + ".vectors");
        if (Files.notExists(texts)) {
            List<String> chosen = new ArrayList<>();
            for (String line : Files.readAllLines(lines)) {
                if (chosen.size() < limit && model.countTokens(line) <= model.maxTokens()) {
                    chosen.add(line);
                }
            }
            try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(vectors))) {
                for (int from = 0; from < chosen.size(); from += BATCH) {
                    for (float[] vector : model.embed(chosen.subList(from, Math.min(chosen.size(), from + BATCH)))) {
                        out.write(VectorFormat.bytes(vector));
                    }
                }
            }
            Files.write(texts, chosen);
        }
        return new EmbeddedCorpus(Files.readAllLines(texts), FileChannel.open(vectors), model.dimension());
    }

    record Text(String text, float[] vector) {}

    Text question(int number) {
        return text(texts.size() - 1 - number);
    }

    /** Always the same for the same number. */
    Text segment(int number) {
        int count = texts.size() - QUESTIONS;
        Text first = text(number % count);
        if (number < count) {
            return first;
        }
        Random random = new Random(number);
        Text second = text(random.nextInt(count));
        float share = 0.5f + random.nextFloat() / 2;
        float[] mixed = new float[dimension];
        double square = 0;
        for (int i = 0; i < dimension; i++) {
            mixed[i] = share * first.vector()[i] + (1 - share) * second.vector()[i];
            square += mixed[i] * mixed[i];
        }
        for (int i = 0; i < dimension; i++) {
            mixed[i] /= (float) Math.sqrt(square);
        }
        return new Text(half(first.text()) + " " + half(second.text()), mixed);
    }

    private static String half(String text) {
        return text.substring(0, text.length() / 2);
    }

    private Text text(int number) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(dimension * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            vectors.read(bytes, (long) number * bytes.capacity());
            float[] vector = new float[dimension];
            bytes.flip();
            bytes.asFloatBuffer().get(vector);
            return new Text(texts.get(number), vector);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        vectors.close();
    }
}

package dev.streamingsaga.content;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** For an instance whose stores need no text: tells the commonest types by what Java itself knows, and extracts nothing. */
final class NoText implements DocumentContent {
    private static final int PREFIX_BYTES = 1024;
    private static final String UNKNOWN = "application/octet-stream";

    @Override
    public String contentType(Path file) {
        try (var in = java.nio.file.Files.newInputStream(file)) {
            byte[] prefix = in.readNBytes(PREFIX_BYTES);
            if (new String(prefix, StandardCharsets.ISO_8859_1).startsWith("%PDF-")) {
                return "application/pdf";
            }
            String guessed = URLConnection.guessContentTypeFromStream(new ByteArrayInputStream(prefix));
            return guessed == null ? UNKNOWN : guessed;
        } catch (NoSuchFileException e) {
            throw new SagaException(Reason.FILE_NOT_FOUND, file.getFileName() + " does not exist", e);
        } catch (IOException e) {
            throw new SagaException(Reason.FILE_NOT_READABLE, file.getFileName() + " can't be read", e);
        }
    }

    @Override
    public boolean hasText(String contentType) {
        return false;
    }

    @Override
    public Outline embed(Path file, String contentType, int firstOrdinal, Consumer<List<EmbeddedSegment>> sink, Progress progress) {
        progress.report(0, 0, 0);
        return Outline.EMPTY;
    }

    @Override
    public Outline outline(Path file, String contentType) {
        return Outline.EMPTY;
    }

    @Override
    public Embedder embedder() {
        throw new IllegalStateException("no participant needs a model, so none is loaded");
    }
}

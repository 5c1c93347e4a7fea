package dev.streamingsaga.content;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Content of an instance whose stores need no text: detects common types without a library and extracts no text. */
final class TypeOnlyContent implements DocumentContent {
    @Override
    public String contentType(Path file) {
        try (var in = Files.newInputStream(file)) {
            return SimpleContentTypes.detect(
                    in.readNBytes(SimpleContentTypes.PREFIX_BYTES), String.valueOf(file.getFileName()));
        } catch (NoSuchFileException e) {
            throw new SagaException(Reason.FILE_NOT_FOUND, file.getFileName() + " does not exist", e);
        } catch (IOException e) {
            throw new SagaException(Reason.FILE_NOT_READABLE, file.getFileName() + " cannot be read", e);
        }
    }

    @Override
    public boolean hasText(String contentType) {
        return false;
    }

    @Override
    public Outline embed(
            Path file,
            String contentType,
            int firstOrdinal,
            Consumer<List<EmbeddedSegment>> sink,
            ProgressListener progress) {
        progress.report(0, 0, 0);
        return Outline.EMPTY;
    }

    @Override
    public Outline outline(Path file, String contentType) {
        return Outline.EMPTY;
    }

    @Override
    public Embedder embedder() {
        throw new IllegalStateException("no embedding model is loaded, since no participant needs one");
    }
}

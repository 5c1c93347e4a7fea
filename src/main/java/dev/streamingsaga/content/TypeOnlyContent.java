package dev.streamingsaga.content;

import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.filetype.SimpleContentTypes;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.function.Consumer;

/** Content of an instance whose stores need no text: detects common types without a library and extracts no text. */
final class TypeOnlyContent implements DocumentContent {
    @Override
    public String contentType(DocumentSource source) {
        try (InputStream in = Channels.newInputStream(source.open())) {
            return SimpleContentTypes.detect(in.readNBytes(SimpleContentTypes.PREFIX_BYTES), source.fileName());
        } catch (NoSuchFileException e) {
            throw new SagaException(Reason.FILE_NOT_FOUND, source.fileName() + " does not exist", e);
        } catch (IOException e) {
            throw new SagaException(Reason.FILE_NOT_READABLE, source.fileName() + " cannot be read", e);
        }
    }

    @Override
    public boolean hasText(String contentType) {
        return false;
    }

    @Override
    public Outline embed(
            DocumentSource source,
            String contentType,
            Resumption resumption,
            Consumer<List<EmbeddedSegment>> sink,
            ProgressListener progress) {
        progress.textRead(Outline.EMPTY);
        progress.report(0, 0, 0);
        return Outline.EMPTY;
    }

    @Override
    public Outline outline(DocumentSource source, String contentType) {
        return Outline.EMPTY;
    }

    @Override
    public Embedder embedder() {
        throw new IllegalStateException("no embedding model is loaded, since no participant needs one");
    }
}

package dev.streamingsaga.content;

import dev.streamingsaga.config.DocumentConfig;
import dev.streamingsaga.config.ServerConfig;
import dev.streamingsaga.content.EmbeddingPipeline.PipelineLimits;
import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.embedding.Embedders;
import dev.streamingsaga.embedding.OnnxLibrary;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.ocr.Tesseract;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads text of PDF, plain text, HTML, XML and office documents; other files have no text and are not read. The same
 * file with the same settings always gives the same ordinals and texts. The model is loaded once, on the first text or
 * query. Thread-safe; all documents share the threads of the model.
 */
public final class TextContent implements DocumentContent {
    /**
     * Segment length if {@code saga.content.segment-tokens} is 0 and the model accepts more: short enough to find a
     * passage.
     */
    static final int DEFAULT_SEGMENT_TOKENS = 256;

    /** Tokenizers with the same name may count its tokens differently. */
    private static final String SAMPLE = "Splits self-contained Übermaß, 3.14 and 東京 at tokens.";

    private final DocumentConfig.Content config;
    private final ServerConfig.Embedding embedding;
    private final ContentDirectories directories;
    private final ContentTypes types = new ContentTypes();
    private final TextExtractors extractors;
    private final Isolation isolation;
    private final LanguageDetection languages = new LanguageDetection();
    private @Nullable Embedder embedder;
    private boolean closed;
    private String segmentation = "";

    private TextContent(
            DocumentConfig.Content config,
            ServerConfig.Embedding embedding,
            ContentDirectories directories,
            Isolation isolation) {
        this.config = config;
        this.embedding = embedding;
        this.directories = directories;
        this.isolation = isolation;
        this.extractors = new TextExtractors(types, config, directories.temporary());
    }

    /** The program that recognises text in images, with its languages; empty if it is off or not installed. */
    public static Optional<String> recognitionProgram(DocumentConfig.Recognition recognition) {
        return TextExtractors.tesseract(recognition).map(Tesseract::toString);
    }

    /**
     * Creates the content reader without loading the model. It extracts in the threads of the callers, without limits.
     *
     * @param spoolDir directory for temporary files and native libraries; temporary files of killed processes are
     *     deleted
     */
    public static TextContent create(DocumentConfig.Content config, ServerConfig.Embedding embedding, Path spoolDir) {
        return create(config, embedding, spoolDir, Isolation.NONE);
    }

    /**
     * As above, with extraction elsewhere.
     *
     * @param isolation closed with the content reader
     */
    public static TextContent create(
            DocumentConfig.Content config, ServerConfig.Embedding embedding, Path spoolDir, Isolation isolation) {
        return new TextContent(config, embedding, ContentDirectories.open(spoolDir), isolation);
    }

    @Override
    public String contentType(DocumentSource source) {
        try (SeekableByteChannel bytes = source.open()) {
            String type =
                    types.detect(ContentTypes.prefix(bytes), source.fileName()).toString();
            if (extractor(type).filter(TextExtractor::isRisky).isPresent()) {
                isolation.prepare();
            }
            return type;
        } catch (NoSuchFileException e) {
            throw new SagaException(Reason.FILE_NOT_FOUND, GuardedExtraction.name(source) + " does not exist", e);
        } catch (IOException e) {
            throw new SagaException(Reason.FILE_NOT_READABLE, GuardedExtraction.name(source) + " cannot be read", e);
        }
    }

    @Override
    public void check() {
        isolation.check();
    }

    @Override
    public String language(String text) {
        return languages.of(text);
    }

    /**
     * @throws SagaException {@code CANCELLED} if the caller is interrupted (the flag stays set), {@code FILE_NOT_FOUND}
     *     or {@code FILE_NOT_READABLE} if a file cannot be read, the reason of the source if that fails,
     *     {@code STORE_FAILED} if the server of the model fails
     */
    @Override
    public Outline embed(
            DocumentSource source,
            String contentType,
            Resumption resumption,
            Consumer<List<EmbeddedSegment>> sink,
            ProgressListener progress) {
        Optional<TextExtractor> extractor = extractor(contentType);
        if (extractor.isEmpty()) {
            Outline outline = withoutText(source, contentType);
            progress.textRead(outline);
            progress.report(0, 0, 0);
            return outline;
        }
        EmbeddingPipeline.DocumentInput input = new EmbeddingPipeline.DocumentInput(
                source, isolation.isolate(contentType, extractor.get()), resumption, sink, progress);
        return new EmbeddingPipeline(embedder(), limits(), input).run();
    }

    /** Opens the file only to see whether it is empty. */
    private Outline withoutText(DocumentSource source, String contentType) {
        if (config.maxTextChars() == 0 || isEmpty(source)) {
            return Outline.EMPTY;
        }
        String problem = contentType.equals(ContentTypes.UNKNOWN)
                ? "its type is unknown, so no text can be read from it"
                : "no text can be read from files of type " + contentType;
        Warnings warnings = new Warnings();
        warnings.add(WarningCode.TYPE_UNKNOWN, "", problem + "; it is not searchable");
        return new Outline(0, List.of(), "", "", warnings.all());
    }

    private static boolean isEmpty(DocumentSource source) {
        try (SeekableByteChannel bytes = source.open()) {
            return bytes.size() == 0;
        } catch (IOException e) {
            throw new SagaException(Reason.FILE_NOT_READABLE, GuardedExtraction.name(source) + " cannot be read", e);
        }
    }

    @Override
    public Outline outline(DocumentSource source, String contentType) {
        return embed(
                source,
                contentType,
                new Resumption(Integer.MAX_VALUE, Long.MAX_VALUE),
                segments -> {},
                (pagesDone, pagesTotal, segmentsDone) -> {});
    }

    @Override
    public boolean hasText(String contentType) {
        return extractor(contentType).isPresent();
    }

    private Optional<TextExtractor> extractor(String contentType) {
        if (config.maxTextChars() == 0) {
            return Optional.empty();
        }
        return extractors.of(contentType);
    }

    @Override
    public synchronized String segmentation() {
        if (segmentation.isEmpty()) {
            PipelineLimits limits = limits();
            segmentation = extractors.segmentation(List.of(
                    embedder().modelId(),
                    embedder().countTokens(SAMPLE),
                    limits.segmentTokens(),
                    limits.overlapTokens(),
                    limits.maxTextChars(),
                    limits.maxPages()));
        }
        return segmentation;
    }

    private PipelineLimits limits() {
        int configured = config.segmentTokens() > 0 ? config.segmentTokens() : DEFAULT_SEGMENT_TOKENS;
        return new PipelineLimits(
                Math.min(configured, embedder().maxTokens()),
                config.segmentOverlapTokens(),
                config.maxTextChars(),
                config.reading().limits().pages(),
                embedding.batchSize(),
                Math.max(2, embedding.threads()));
    }

    @Override
    public synchronized Embedder embedder() {
        if (closed) {
            throw new IllegalStateException("content is closed");
        }
        if (embedder == null) {
            if (embedding.provider() != ServerConfig.EmbeddingProvider.HTTP) {
                OnnxLibrary.load(directories.libraries());
            }
            embedder = Embedders.create(embedding);
        }
        return embedder;
    }

    /** Extractions that are still running fail. */
    @Override
    public synchronized void close() {
        closed = true;
        isolation.close();
        directories.close();
        if (embedder != null) {
            embedder.close();
        }
    }
}

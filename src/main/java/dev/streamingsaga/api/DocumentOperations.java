package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentVersion;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.DeletedDocumentException;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.operations.SearchUnavailableException;
import dev.streamingsaga.operations.UnknownDocumentException;
import dev.streamingsaga.operations.UnknownVersionException;
import dev.streamingsaga.store.SearchTextException;
import dev.streamingsaga.store.VectorSearch;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads completed documents: facts, content, search. */
final class DocumentOperations {
    private static final Logger LOG = LoggerFactory.getLogger(DocumentOperations.class);

    private static final int DEFAULT_VERSIONS = 100;
    private static final int MAX_VERSIONS = 1000;
    private static final int MAX_NUMBER = 999_999_999;

    private final SagaOperator operator;
    private final DeletionOperations deletions;
    private final int maxDownloads;
    private final Semaphore downloads;

    DocumentOperations(ApiDependencies parts, DeletionOperations deletions) {
        this.operator = parts.operator();
        this.deletions = deletions;
        this.maxDownloads = parts.config().endpoints().http().limits().downloads();
        this.downloads = new Semaphore(maxDownloads);
    }

    /** {@code GET /api/documents/{id}}. */
    Reply facts(ApiRequest request) {
        Query.of(request.call());
        SagaRecord saga = saga(request);
        Document document = saga.document().orElseThrow();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("documentId", document.documentId());
        facts.put("sagaId", document.sagaId());
        facts.put("version", request.as(operator).versionNumber(saga.sagaId()));
        facts.put("fileName", document.fileName());
        facts.put("contentType", document.contentType());
        facts.put("sizeBytes", document.sizeBytes());
        facts.put("sha256", document.sha256());
        facts.put("chunkCount", document.chunkCount());
        facts.put("chunkSizeBytes", document.chunkSizeBytes());
        facts.put("owner", document.owner());
        facts.put("classification", document.classification());
        facts.put("keyId", document.keyId());
        facts.put("receivedAt", document.receivedAt().toString());
        facts.put("completedAt", saga.finishedAt().map(Object::toString).orElse(null));
        facts.put(
                "warnings",
                request.as(operator).warnings(document.sagaId()).stream()
                        .map(IngestResult.WarningResult::of)
                        .toList());
        facts.put(
                "receipt",
                request.as(operator)
                        .findReceipt(document.sagaId())
                        .map(ReceiptOperations.ReceiptView::of)
                        .orElse(null));
        return Reply.json(200, facts);
    }

    private SagaRecord saga(ApiRequest request) {
        return request.as(operator).findDocument(request.id("document")).orElseThrow(() -> deletions.missing(request));
    }

    /** {@code GET /api/documents/{id}/versions?limit=&before=}: newest first. */
    Reply versions(ApiRequest request) {
        Query query = Query.of(request.call(), "limit", "before");
        int limit = query.number("limit", DEFAULT_VERSIONS, MAX_VERSIONS);
        int before = query.number("before", MAX_NUMBER, MAX_NUMBER);
        String documentId = request.id("document");
        List<DocumentVersion> found;
        try {
            found = request.as(operator).versions(documentId, before, limit + 1);
        } catch (DeletedDocumentException | UnknownDocumentException e) {
            throw deletions.missing(request);
        }
        List<DocumentVersion> page = found.subList(0, Math.min(limit, found.size()));
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("documentId", documentId);
        answer.put("versions", page.stream().map(DocumentVersion::facts).toList());
        if (found.size() > limit) {
            answer.put("nextBefore", page.get(limit - 1).number());
        }
        return Reply.json(200, answer);
    }

    /** The current version, or the one that the request names. */
    private SagaRecord version(ApiRequest request) {
        Query query = Query.of(request.call(), "version");
        if (!query.has("version")) {
            return saga(request);
        }
        try {
            return request.as(operator).version(request.id("document"), query.number("version", 1, MAX_NUMBER));
        } catch (DeletedDocumentException | UnknownDocumentException e) {
            throw deletions.missing(request);
        } catch (UnknownVersionException e) {
            throw new Problem(404, "no-version", e.getMessage() + "; GET /api/documents/{id}/versions lists them", e);
        }
    }

    /**
     * {@code GET /api/documents/{id}/content?version=}: all of it, or one range. Damaged content is never sent
     * completely. HEAD has exactly the headers of GET, also for a range.
     */
    Reply content(ApiRequest request) throws IOException {
        HttpCall call = request.call();
        Document document = version(request).document().orElseThrow();
        String tag = EntityTags.of(document.sha256());
        EntityTags.requireMatch(call, Optional.of(tag));
        if (EntityTags.isKnown(call, Optional.of(tag))) {
            return withHeaders(Reply.empty(304), document, tag);
        }
        boolean sameVersion = call.header("If-Range").map(tag::equals).orElse(true);
        ByteRange range = sameVersion
                ? ByteRange.of(call.header("Range"), document.sizeBytes())
                : ByteRange.all(document.sizeBytes());
        boolean noBody = range.length() == 0 || call.method().equals("HEAD");
        InputStream bytes = noBody ? InputStream.nullInputStream() : open(request.as(operator), document, range);
        Reply reply = withHeaders(Reply.stream(range.status(), bytes, range.length()), document, tag);
        return range.status() == 206 ? reply.header("Content-Range", range.text()) : reply;
    }

    private static Reply withHeaders(Reply reply, Document document, String tag) {
        return reply.header("ETag", tag)
                .header("Repr-Digest", BodyDigests.member(document.sha256()))
                .header("Accept-Ranges", "bytes")
                .header("Cache-Control", "private, no-cache")
                .header("Content-Type", document.contentType())
                .header("Content-Security-Policy", "sandbox; default-src 'none'")
                .header("Content-Disposition", "attachment; filename*=UTF-8''" + encoded(document.fileName()));
    }

    /** Encodes per RFC 8187: every byte that is no letter or digit as %XX, so that no name can end the header. */
    private static String encoded(String name) {
        StringBuilder text = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            text.append(
                    b > 0 && (Character.isLetterOrDigit(b) || b == '.' || b == '-' || b == '_')
                            ? Character.toString(b)
                            : String.format("%%%02X", b & 0xff));
        }
        return text.toString();
    }

    private InputStream open(SagaReader documents, Document document, ByteRange range) throws IOException {
        if (!downloads.tryAcquire()) {
            throw new Problem(
                            429,
                            "too-many-downloads",
                            maxDownloads + " downloads are running (saga.http.max-downloads); try again later")
                    .header("Retry-After", "5");
        }
        AtomicBoolean held = new AtomicBoolean(true);
        Runnable release = () -> {
            if (held.compareAndSet(true, false)) {
                downloads.release();
            }
        };
        try {
            InputStream content = documents.content(document, range.first(), range.length());
            // Read the first byte before the status is sent: if the bucket does not answer, that is an error response.
            PushbackInputStream stream = new PushbackInputStream(content, 1);
            stream.unread(stream.read());
            return new FilterInputStream(stream) {
                @Override
                public void close() throws IOException {
                    release.run();
                    super.close();
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    try {
                        return super.read(target, offset, length);
                    } catch (IOException e) {
                        LOG.error(
                                "document {} cannot be read ({}); the download was aborted. Run: saga verify {} --deep",
                                document.documentId(),
                                e.getMessage(),
                                document.documentId());
                        throw e;
                    }
                }
            };
        } catch (IOException | SagaException e) {
            release.run();
            LOG.error("document {} cannot be read: {}", document.documentId(), e.getMessage());
            throw new Problem(
                    502,
                    "content-damaged",
                    "the content of document " + document.documentId() + " cannot be read: " + e.getMessage()
                            + "; run saga verify on it",
                    e);
        } catch (RuntimeException e) {
            release.run();
            throw e;
        }
    }

    /** {@code GET /api/search?q=&offset=&limit=}. */
    Reply search(ApiRequest request) {
        Query query = Query.of(request.call(), "q", "offset", "limit");
        String text = query.text("q")
                .orElseThrow(() -> new Problem(400, "bad-parameter", "q is missing; send the text to search for"));
        try {
            VectorSearch.Page page = request.as(operator)
                    .search(
                            text,
                            query.number("offset", 0, 0, VectorSearch.MAX_HITS),
                            query.number("limit", 10, VectorSearch.MAX_LIMIT));
            return Reply.json(200, page(page));
        } catch (SearchUnavailableException e) {
            throw new Problem(
                    404, "no-search", "search is not available; it needs the store vector in saga.participants");
        } catch (SearchTextException e) {
            throw new Problem(400, "bad-search", String.valueOf(e.getMessage()));
        }
    }

    private static Map<String, Object> page(VectorSearch.Page page) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("hits", page.hits());
        answer.put("offset", page.offset());
        answer.put("total", page.total());
        if (page.hasMore()) {
            answer.put("nextOffset", page.offset() + page.hits().size());
        }
        return answer;
    }
}

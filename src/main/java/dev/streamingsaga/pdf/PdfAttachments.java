package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.ReadingFailures;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.common.filespecification.PDComplexFileSpecification;
import org.apache.pdfbox.pdmodel.common.filespecification.PDEmbeddedFile;
import org.jspecify.annotations.Nullable;

/** Collects the files inside a PDF: attachments, and the documents of a portfolio. */
final class PdfAttachments {
    private static final int MOST_NODES = 100_000;

    private PdfAttachments() {}

    static void collect(PDDocument document, Attachments attachments) {
        COSDictionary names = document.getDocumentCatalog().getCOSObject().getCOSDictionary(COSName.NAMES);
        @Nullable COSDictionary files = names == null ? null : names.getCOSDictionary(COSName.EMBEDDED_FILES);
        if (files == null) {
            return;
        }
        Set<COSDictionary> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<COSDictionary> open = new ArrayDeque<>();
        open.push(files);
        while (!open.isEmpty() && seen.size() < MOST_NODES) {
            COSDictionary node = open.pop();
            if (seen.add(node)) {
                addNames(node.getCOSArray(COSName.NAMES), attachments);
                pushKids(node.getCOSArray(COSName.KIDS), open);
            }
        }
    }

    /** Names and files alternate. */
    private static void addNames(@Nullable COSArray names, Attachments attachments) {
        for (int i = 1; names != null && i < names.size(); i += 2) {
            if (names.getObject(i) instanceof COSDictionary file) {
                add(new PDComplexFileSpecification(file), attachments);
            }
        }
    }

    private static void pushKids(@Nullable COSArray kids, Deque<COSDictionary> open) {
        if (kids == null) {
            return;
        }
        for (int i = kids.size() - 1; i >= 0; i--) {
            if (kids.getObject(i) instanceof COSDictionary node) {
                open.push(node);
            }
        }
    }

    /** Damage to one file does not affect the others. */
    static void add(PDComplexFileSpecification file, Attachments attachments) {
        @Nullable
        PDEmbeddedFile content = Stream.of(file.getEmbeddedFileUnicode(), file.getEmbeddedFile())
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        if (content != null) {
            String path = Objects.requireNonNullElse(file.getFilename(), "").replace('\\', '/');
            String name = path.substring(path.lastIndexOf('/') + 1);
            try (InputStream bytes = content.createInputStream()) {
                attachments.add(name, bytes);
            } catch (IOException | RuntimeException e) {
                ReadingFailures.rethrowIfClosed(e);
                attachments.skip(name, "it cannot be unpacked");
            }
        }
    }
}

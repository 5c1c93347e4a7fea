package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.ocr.PageRanges;
import dev.streamingsaga.ocr.PageRecognition;
import dev.streamingsaga.ocr.Tesseract;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.pdfbox.contentstream.operator.Operator;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDDocumentInformation;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageTree;
import org.apache.pdfbox.text.PDFTextStripper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Extracts the text of a PDF page by page, with annotations and values of form fields, then the files inside it.
 * Decodes images only to recognise their text, if asked to; unpacks streams to temporary files. A page that cannot be
 * read counts as a page without text. A PDF that needs an unknown password fails as a whole.
 */
public final class PdfTextExtractor implements TextExtractor {
    private static final Logger log = LoggerFactory.getLogger(PdfTextExtractor.class);

    private final PdfLoader loader;
    private final Attachments attachments;
    private final Optional<Tesseract> tesseract;

    /** @param tesseract recognises the text of pages that have images and no text */
    public PdfTextExtractor(PdfLoader loader, Attachments attachments, Optional<Tesseract> tesseract) {
        this.loader = loader;
        this.attachments = attachments;
        this.tesseract = tesseract;
    }

    @Override
    public void extract(SeekableByteChannel file, TextSink text) throws Exception {
        attachments.readAfter(() -> read(file, text), text);
    }

    private void read(SeekableByteChannel file, TextSink text) throws Exception {
        try (PDDocument document = loader.load(file, text)) {
            PDDocumentInformation about = document.getDocumentInformation();
            text.about(
                    Objects.requireNonNullElse(about.getTitle(), ""),
                    Objects.requireNonNullElse(about.getAuthor(), ""));
            text.pages(claimedPages(document));
            PdfPages tree = PdfPages.of(document);
            Optional<PageRecognition> recognition = tesseract.map(found -> new PageRecognition(found, text));
            Pages pages = new Pages(text, tree, new PdfAnnotations(attachments), recognition);
            new XfaForm(text).write(document);
            pages.writeText(document, pages.page);
            pages.endPagesBefore(tree.count() + 1);
            recognition.ifPresent(PageRecognition::warn);
            if (pages.damaged > 0) {
                text.warn(
                        WarningCode.DAMAGED,
                        "",
                        "%d of %d pages cannot be read; they are not searchable"
                                .formatted(pages.damaged, tree.count()));
            }
            if (pages.withoutText.count() > 0) {
                text.warn(
                        WarningCode.NO_TEXT_LAYER,
                        pages.withoutText.toString(),
                        "%d of %d pages have no text, only images or drawings, like a scan; they are not"
                                        .formatted(pages.withoutText.count(), tree.count())
                                + " searchable");
            }
            // After the pages: unpacking an attachment may need more memory than there is.
            PdfAttachments.collect(document, attachments);
        }
    }

    /** For the progress only: a page is an object at least. */
    private static int claimedPages(PDDocument document) {
        int objects = document.getDocument().getXrefTable().size();
        return Math.max(0, Math.min(document.getNumberOfPages(), objects));
    }

    /** One pass over all pages: with single pages the stripper would walk the page tree once for each of them. */
    private static final class Pages extends PDFTextStripper {
        /** Operators that paint a path, a shading or an inline image. */
        private static final Set<String> PAINTING =
                Set.of("S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "BI", "EI");

        private final TextSink text;
        private final PdfPages tree;
        private final PdfAnnotations annotations;
        private final Optional<PageRecognition> recognition;
        private final StringWriter page = new StringWriter();
        private int ended;
        private int damaged;
        private final PageRanges withoutText = new PageRanges();
        private boolean painted;

        Pages(TextSink text, PdfPages tree, PdfAnnotations annotations, Optional<PageRecognition> recognition) {
            this.text = text;
            this.tree = tree;
            this.annotations = annotations;
            this.recognition = recognition;
            setLineSeparator("\n");
        }

        @Override
        protected void processPages(PDPageTree all) throws IOException {
            super.processPages(tree);
        }

        /** Ends pages without content, for which {@link #processPage} is never called. */
        void endPagesBefore(int pageNo) {
            while (ended < pageNo - 1) {
                text.endPage();
                ended++;
            }
        }

        @Override
        public void processPage(PDPage content) throws IOException {
            endPagesBefore(getCurrentPageNo());
            page.getBuffer().setLength(0);
            painted = false;
            boolean readable = write(content);
            text.text(page.getBuffer());
            if (readable && page.getBuffer().chars().allMatch(Character::isWhitespace) && !recognise(content)) {
                withoutText.add(getCurrentPageNo());
            }
            annotations.write(content, text);
            endPagesBefore(getCurrentPageNo() + 1);
        }

        private boolean write(PDPage content) {
            try {
                super.processPage(content);
                return true;
            } catch (IOException | RuntimeException | StackOverflowError e) {
                ReadingFailures.rethrowIfClosed(e);
                damaged++;
                log.debug(
                        "page {} cannot be read: {}",
                        getCurrentPageNo(),
                        e.getClass().getName());
                return false;
            }
        }

        /** Whether nothing more is to be said about a page without text. */
        private boolean recognise(PDPage content) throws IOException {
            if (recognition.isEmpty() || !PdfPageImages.exist(content)) {
                return !painted;
            }
            int failedBefore = recognition.get().failed();
            String found = recognition.get().read(getCurrentPageNo(), () -> PdfPageImages.paint(content));
            text.text(found);
            return !found.isBlank() || recognition.get().failed() > failedBefore;
        }

        @Override
        protected void processOperator(Operator operator, List<COSBase> operands) throws IOException {
            painted = painted || PAINTING.contains(operator.getName()) || showsImage(operator, operands);
            super.processOperator(operator, operands);
        }

        /** The content of other forms is processed operator by operator. */
        private boolean showsImage(Operator operator, List<COSBase> operands) {
            return operator.getName().equals("Do")
                    && !operands.isEmpty()
                    && operands.get(0) instanceof COSName name
                    && getResources() != null
                    && getResources().isImageXObject(name);
        }
    }
}

package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSNumber;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.cos.COSString;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.common.filespecification.PDComplexFileSpecification;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the annotations of a page and the values of its form fields, and collects the files of annotations. */
final class PdfAnnotations {
    private static final Logger log = LoggerFactory.getLogger(PdfAnnotations.class);

    private static final int MOST_ON_PAGE = 10_000;
    private static final int DEEPEST_FIELD = 50;
    private static final int PASSWORD_FIELD = 1 << 13;

    private static final COSName POPUP = COSName.getPDFName("Popup");
    private static final COSName FILE_ATTACHMENT = COSName.getPDFName("FileAttachment");

    private final Attachments attachments;

    PdfAnnotations(Attachments attachments) {
        this.attachments = attachments;
    }

    /** Writes a paragraph for each text. */
    void write(PDPage page, TextSink text) {
        Set<String> found = new LinkedHashSet<>();
        try {
            readAll(page, found);
        } catch (RuntimeException e) {
            ReadingFailures.rethrowIfClosed(e);
            log.debug("annotations of a page cannot be read: {}", e.getClass().getName());
        }
        for (String each : found) {
            text.text("\n\n");
            text.text(each);
        }
    }

    private void readAll(PDPage page, Set<String> found) {
        COSArray annotations = page.getCOSObject().getCOSArray(COSName.ANNOTS);
        for (int i = 0; annotations != null && i < Math.min(annotations.size(), MOST_ON_PAGE); i++) {
            if (annotations.getObject(i) instanceof COSDictionary annotation) {
                read(annotation, found);
            }
        }
    }

    private void read(COSDictionary annotation, Set<String> found) {
        COSName subtype = annotation.getCOSName(COSName.SUBTYPE);
        if (COSName.WIDGET.equals(subtype)) {
            readField(annotation, found);
        } else if (!POPUP.equals(subtype)) { // which repeats the text of another one
            addText(annotation.getDictionaryObject(COSName.CONTENTS), found);
        }
        if (FILE_ATTACHMENT.equals(subtype)
                && annotation.getDictionaryObject(COSName.FS) instanceof COSDictionary file) {
            PdfAttachments.add(new PDComplexFileSpecification(file), attachments);
        }
    }

    private static void readField(COSDictionary widget, Set<String> found) {
        COSBase type = inherited(widget, COSName.FT);
        boolean secret =
                inherited(widget, COSName.FF) instanceof COSNumber flags && (flags.intValue() & PASSWORD_FIELD) != 0;
        if (!secret && (COSName.TX.equals(type) || COSName.CH.equals(type))) {
            COSBase value = inherited(widget, COSName.V);
            if (value instanceof COSArray choices) {
                for (int i = 0; i < choices.size(); i++) {
                    addText(choices.getObject(i), found);
                }
            } else {
                addText(value, found);
            }
        }
    }

    /** Widgets inherit from the fields above them. */
    private static @Nullable COSBase inherited(COSDictionary widget, COSName key) {
        @Nullable COSDictionary field = widget;
        for (int level = 0; field != null && level < DEEPEST_FIELD; level++) {
            COSBase value = field.getDictionaryObject(key);
            if (value != null) {
                return value;
            }
            field = field.getCOSDictionary(COSName.PARENT);
        }
        return null;
    }

    private static void addText(@Nullable COSBase value, Set<String> found) {
        String text = value instanceof COSString string
                ? string.getString()
                : value instanceof COSStream stream ? stream.toTextString() : "";
        if (!text.isBlank()) {
            found.add(text.strip());
        }
    }
}

package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.tika.exception.TikaException;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.utils.XMLReaderUtils;
import org.xml.sax.Attributes;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** Reads the values of an XFA form, which are XML beside the pages. */
final class XfaForm {
    private static final String DATA = "http://www.xfa.org/schema/xfa-data/1.0/";

    private final TextSink text;

    XfaForm(TextSink text) {
        this.text = text;
    }

    /** Writes the values to the page that is open, and warns if the pages do not show the form. */
    void write(PDDocument document) {
        try {
            read(document);
        } catch (SAXException | TikaException | IOException | RuntimeException e) {
            ReadingFailures.rethrowIfClosed(e);
            text.warn(WarningCode.DAMAGED, "", "the values of its XFA form cannot be read to the end");
        }
    }

    private void read(PDDocument document) throws SAXException, TikaException, IOException {
        PDAcroForm form = document.getDocumentCatalog().getAcroForm(null);
        if (form == null || !form.hasXFA()) {
            return;
        }
        if (form.xfaIsDynamic()) {
            text.warn(
                    WarningCode.XFA_PLACEHOLDER,
                    "",
                    "its pages only say that another program is needed to show the form; its values are"
                            + " searchable, its labels are not");
        }
        XMLReaderUtils.parseSAX(new ByteArrayInputStream(form.getXFA().getBytes()), new Values(), new ParseContext());
    }

    /** Writes a paragraph for each value. */
    private final class Values extends DefaultHandler {
        private int depth;

        @Override
        public void startElement(String namespace, String name, String qualified, Attributes attributes) {
            if (depth > 0 || name.equals("data") && namespace.equals(DATA)) {
                depth++;
            }
        }

        @Override
        public void endElement(String namespace, String name, String qualified) {
            if (depth > 0) {
                depth--;
                text.text("\n\n");
            }
        }

        @Override
        public void characters(char[] chars, int start, int length) {
            if (depth > 0) {
                text.text(new String(chars, start, length));
            }
        }
    }
}

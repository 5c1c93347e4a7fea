package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Set;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.tika.exception.TikaException;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.utils.XMLReaderUtils;
import org.xml.sax.Attributes;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** Reads the values of an XFA form, and its labels if the pages do not show them. The form is XML beside the pages. */
final class XfaForm {
    private static final String DATA = "http://www.xfa.org/schema/xfa-data/1.0/";
    private static final String TEMPLATE = "http://www.xfa.org/schema/xfa-template/";
    private static final Set<String> LABELS = Set.of("caption", "draw");
    private static final String SCRIPT = "script";

    private final TextSink text;

    XfaForm(TextSink text) {
        this.text = text;
    }

    /** Writes them to the page that is open, and warns if the pages do not show the form. */
    void write(PDDocument document) {
        try {
            read(document);
        } catch (SAXException | TikaException | IOException | RuntimeException e) {
            ReadingFailures.rethrowIfClosed(e);
            text.warn(WarningCode.DAMAGED, "", "its XFA form cannot be read to the end");
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
                    "its pages only say that another program is needed to show the form; its labels and"
                            + " values are searchable");
        }
        XMLReaderUtils.parseSAX(
                new ByteArrayInputStream(form.getXFA().getBytes()), new Texts(form.xfaIsDynamic()), new ParseContext());
    }

    /** Writes a paragraph for each value and each label. */
    private final class Texts extends DefaultHandler {
        private final boolean withLabels;
        private int depth;
        private int inScript;

        Texts(boolean withLabels) {
            this.withLabels = withLabels;
        }

        @Override
        public void startElement(String namespace, String name, String qualified, Attributes attributes) {
            if (depth > 0 || isData(namespace, name) || withLabels && isLabel(namespace, name)) {
                depth++;
            }
            if (inScript > 0 || isScript(namespace, name)) {
                inScript++;
            }
        }

        private static boolean isData(String namespace, String name) {
            return name.equals("data") && namespace.equals(DATA);
        }

        private static boolean isLabel(String namespace, String name) {
            return LABELS.contains(name) && namespace.startsWith(TEMPLATE);
        }

        private static boolean isScript(String namespace, String name) {
            return name.equals(SCRIPT) && namespace.startsWith(TEMPLATE);
        }

        @Override
        public void endElement(String namespace, String name, String qualified) {
            inScript = Math.max(0, inScript - 1);
            if (depth > 0) {
                depth--;
                text.text("\n\n");
            }
        }

        @Override
        public void characters(char[] chars, int start, int length) {
            if (depth > 0 && inScript == 0) {
                text.text(new String(chars, start, length));
            }
        }
    }
}

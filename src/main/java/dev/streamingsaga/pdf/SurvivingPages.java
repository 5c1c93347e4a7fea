package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.ReadingFailures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSObject;
import org.apache.pdfbox.cos.COSObjectKey;
import org.apache.pdfbox.io.RandomAccessRead;
import org.apache.pdfbox.io.RandomAccessStreamCache.StreamCacheCreateFunction;
import org.apache.pdfbox.pdfparser.PDFParser;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;

/** Parses a PDF. If its page tree is lost, as in a truncated file, collects its pages in the order of the file. */
final class SurvivingPages extends PDFParser {
    private boolean collected;

    SurvivingPages(RandomAccessRead source, String password, StreamCacheCreateFunction cache) throws IOException {
        super(source, password, null, null, cache);
    }

    boolean wereCollected() {
        return collected;
    }

    @Override
    protected void initialParse() throws IOException {
        try {
            super.initialParse();
        } catch (InvalidPasswordException e) {
            throw e;
        } catch (IOException e) {
            ReadingFailures.rethrowIfClosed(e);
            List<COSObject> pages = pages();
            if (pages.isEmpty()) {
                throw e;
            }
            attach(pages);
            document.setDecrypted();
            initialParseDone = true;
            collected = true;
        }
    }

    private List<COSObject> pages() {
        List<COSObject> pages = new ArrayList<>(document.getObjectsByType(COSName.PAGE));
        pages.sort(Comparator.<COSObject>comparingLong(page -> position(page.getKey()))
                .thenComparing(COSObject::getKey));
        return pages;
    }

    /** An object inside a stream of objects has that stream's number, negated, instead of a position. */
    private long position(COSObjectKey key) {
        Map<COSObjectKey, Long> table = document.getXrefTable();
        long position = table.getOrDefault(key, Long.MAX_VALUE);
        return position >= 0 ? position : table.getOrDefault(new COSObjectKey(-position, 0), Long.MAX_VALUE);
    }

    private void attach(List<COSObject> pages) {
        COSArray kids = new COSArray();
        pages.forEach(kids::add);
        COSDictionary tree = new COSDictionary();
        tree.setItem(COSName.TYPE, COSName.PAGES);
        tree.setItem(COSName.KIDS, kids);
        tree.setInt(COSName.COUNT, pages.size());
        COSDictionary trailer = document.getTrailer() == null ? new COSDictionary() : document.getTrailer();
        COSDictionary catalog = trailer.getCOSDictionary(COSName.ROOT);
        if (catalog == null) {
            catalog = new COSDictionary();
            catalog.setItem(COSName.TYPE, COSName.CATALOG);
            trailer.setItem(COSName.ROOT, catalog);
        }
        catalog.setItem(COSName.PAGES, tree);
        document.setTrailer(trailer);
    }
}

package dev.streamingsaga.pdf;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.io.RandomAccessRead;
import org.apache.pdfbox.io.RandomAccessReadBuffer;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageTree;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.ResourceCache;
import org.jspecify.annotations.Nullable;

/**
 * The actual pages of a PDF, in order, each once, read one after another. The number that the file claims is not used.
 * Can be iterated only once.
 */
final class PdfPages extends PDPageTree {
    /** Real page trees have a depth of 10 at most; deeper branches are left out. */
    private static final int MAX_DEPTH = 500;

    private final COSDictionary root;
    private final ResourceCache resources;
    private int count;

    private PdfPages(COSDictionary root, ResourceCache resources) {
        super(root);
        this.root = root;
        this.resources = resources;
    }

    static PdfPages of(PDDocument document) {
        COSDictionary catalog = document.getDocumentCatalog().getCOSObject();
        COSDictionary root = catalog.getCOSDictionary(COSName.PAGES);
        return new PdfPages(root == null ? new COSDictionary() : root, document.getResourceCache());
    }

    /** How many pages the iteration has found so far. */
    int count() {
        return count;
    }

    @Override
    public Iterator<PDPage> iterator() {
        return new Walk();
    }

    /** A node of the tree whose next child is visited next. */
    private static final class Branch {
        private final COSArray children;
        private int next;

        Branch(COSArray children) {
            this.children = children;
        }

        boolean isDone() {
            return next >= children.size();
        }

        @Nullable
        COSBase nextChild() {
            return children.getObject(next++);
        }
    }

    private final class Walk implements Iterator<PDPage> {
        private final Deque<Branch> path = new ArrayDeque<>();
        private final Set<COSDictionary> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        private @Nullable COSDictionary following;

        Walk() {
            following = visit(root);
            if (following == null) {
                advance();
            }
        }

        private void advance() {
            following = null;
            while (following == null && !path.isEmpty()) {
                Branch branch = path.getLast();
                if (branch.isDone()) {
                    path.removeLast();
                } else {
                    COSBase child = branch.nextChild();
                    // A missing object stands for a page without content, so that the numbers of the others stay.
                    following = child == null
                            ? new COSDictionary()
                            : child instanceof COSDictionary node ? visit(node) : null;
                }
            }
        }

        /** Returns the node if it is a page that was not returned yet. */
        private @Nullable COSDictionary visit(COSDictionary node) {
            if (!seen.add(node)) {
                return null;
            }
            COSName type = node.getCOSName(COSName.TYPE);
            COSArray children = node.getCOSArray(COSName.KIDS);
            if (COSName.PAGE.equals(type) || (type == null && children == null)) {
                return node == root && type == null ? null : node;
            }
            if (children != null && path.size() < MAX_DEPTH) {
                path.add(new Branch(children));
            }
            return null;
        }

        @Override
        public boolean hasNext() {
            return following != null;
        }

        @Override
        public PDPage next() {
            COSDictionary page = following;
            if (page == null) {
                throw new NoSuchElementException();
            }
            count++;
            advance();
            return new CachedPage(page);
        }
    }

    /** A page whose fonts are read once for all pages that use them. */
    private final class CachedPage extends PDPage {
        private @Nullable PDResources own;

        CachedPage(COSDictionary page) {
            super(page);
        }

        /** A page may consist of the fields of a form. */
        @Override
        public boolean hasContents() {
            return super.hasContents() || getCOSObject().containsKey(COSName.ANNOTS);
        }

        @Override
        public RandomAccessRead getContentsForRandomAccess() throws IOException {
            RandomAccessRead contents = super.getContentsForRandomAccess();
            return contents == null ? new RandomAccessReadBuffer(new byte[0]) : contents;
        }

        @Override
        public @Nullable PDResources getResources() {
            if (own == null
                    && getInheritableAttribute(getCOSObject(), COSName.RESOURCES) instanceof COSDictionary found) {
                own = new PDResources(found, resources);
            }
            return own;
        }
    }
}

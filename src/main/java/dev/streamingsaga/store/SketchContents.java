package dev.streamingsaga.store;

import dev.streamingsaga.store.SketchRows.Cursor;
import dev.streamingsaga.store.SketchRows.SketchedDocument;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The sketches of documents in memory. Immutable.
 *
 * @param sagas of the documents whose sketches are in the blocks
 * @param unsketched sagas of the documents that have no sketches yet
 * @param cursor of the last document that is in one of both
 * @param bytes that it takes
 * @param full whether there are more documents, which do not fit
 */
record SketchContents(
        List<String> sagas, List<SketchBlock> blocks, Set<String> unsketched, Cursor cursor, long bytes, boolean full) {
    static final SketchContents EMPTY = new SketchContents(List.of(), List.of(), Set.of(), Cursor.BEGIN, 0, false);

    /** Objects and references of one document or segment, beside its sketch. */
    private static final int DOCUMENT_BYTES = 120;

    private static final int SEGMENT_BYTES = 4;

    long segments() {
        return blocks.stream().mapToLong(SketchBlock::size).sum();
    }

    void estimate(SketchQuery query, Predicate<String> wanted, NearestKeys nearest) {
        BitSet documents = new BitSet(sagas.size());
        for (int i = 0; i < sagas.size(); i++) {
            documents.set(i, wanted.test(sagas.get(i)));
        }
        boolean all = documents.cardinality() == sagas.size();
        blocks.forEach(block -> block.estimate(query, sagas, all ? null : documents, nearest));
    }

    /** Adds documents to a copy. */
    static final class Loading {
        private final int dimension;
        private final long limitBytes;
        private final List<String> sagas;
        private final List<SketchBlock> blocks;
        private final Set<String> unsketched;
        private Cursor cursor;
        private long bytes;
        private boolean full;

        /** @param limitBytes documents are added as long as all take less */
        Loading(SketchContents contents, int dimension, long limitBytes) {
            this.dimension = dimension;
            this.limitBytes = limitBytes;
            sagas = new ArrayList<>(contents.sagas());
            blocks = new ArrayList<>(contents.blocks());
            unsketched = new LinkedHashSet<>(contents.unsketched());
            cursor = contents.cursor();
            bytes = contents.bytes();
            if (!blocks.isEmpty()) {
                blocks.add(blocks.remove(blocks.size() - 1).copy(dimension));
            }
        }

        /** @return false if the document does not fit */
        boolean add(SketchedDocument document) {
            long size = DOCUMENT_BYTES + document.segments() * (VectorSketch.size(dimension) + SEGMENT_BYTES);
            full = bytes + size > limitBytes;
            if (full) {
                return false;
            }
            cursor = document.cursor();
            bytes += size;
            if (document.isComplete(dimension)) {
                unsketched.remove(document.sagaId());
                sagas.add(document.sagaId());
                document.sketches().forEach(this::addBatch);
            } else {
                unsketched.add(document.sagaId());
            }
            return true;
        }

        private void addBatch(byte[] batch) {
            ByteBuffer sketches = VectorSketch.read(batch);
            while (sketches.hasRemaining()) {
                if (blocks.isEmpty() || blocks.get(blocks.size() - 1).isFull()) {
                    blocks.add(new SketchBlock(dimension));
                }
                blocks.get(blocks.size() - 1).add(sagas.size() - 1, sketches);
            }
        }

        SketchContents contents() {
            if (!blocks.isEmpty()) {
                blocks.get(blocks.size() - 1).trim();
            }
            return new SketchContents(sagas, blocks, unsketched, cursor, bytes, full);
        }
    }
}

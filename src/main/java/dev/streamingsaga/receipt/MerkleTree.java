package dev.streamingsaga.receipt;

import dev.streamingsaga.digest.Sha256;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The hash tree of RFC 9162 (section 2.1, as in RFC 6962) with SHA-256: root, inclusion proofs, and their check. */
public final class MerkleTree {
    private static final byte LEAF = 0;
    private static final byte NODE = 1;

    private final List<byte[]> leaves;

    /** @param leaves hashes of the leaves, in order: see {@link #leaf} */
    public MerkleTree(List<byte[]> leaves) {
        this.leaves = List.copyOf(leaves);
    }

    /** The hash of a leaf. */
    public static byte[] leaf(byte[] entry) {
        MessageDigest digest = Sha256.digest();
        digest.update(LEAF);
        return digest.digest(entry);
    }

    private static byte[] node(byte[] left, byte[] right) {
        MessageDigest digest = Sha256.digest();
        digest.update(NODE);
        digest.update(left);
        return digest.digest(right);
    }

    /** The hash of the whole tree; of an empty one the hash of nothing. */
    public byte[] root() {
        return leaves.isEmpty() ? Sha256.digest().digest() : root(leaves);
    }

    private static byte[] root(List<byte[]> part) {
        if (part.size() == 1) {
            return part.get(0);
        }
        int split = split(part.size());
        return node(root(part.subList(0, split)), root(part.subList(split, part.size())));
    }

    /** The largest power of two below the size. */
    private static int split(int size) {
        return Integer.highestOneBit(size - 1);
    }

    /** The hashes that lead from a leaf to the root, from the bottom up. */
    public List<byte[]> proof(int index) {
        List<byte[]> path = new ArrayList<>();
        proof(leaves, index, path);
        return path;
    }

    private static void proof(List<byte[]> part, int index, List<byte[]> path) {
        if (part.size() == 1) {
            return;
        }
        int split = split(part.size());
        List<byte[]> left = part.subList(0, split);
        List<byte[]> right = part.subList(split, part.size());
        proof(index < split ? left : right, index < split ? index : index - split, path);
        path.add(root(index < split ? right : left));
    }

    /**
     * Whether the proof leads from this leaf, at this place of a tree of this size, to the root (RFC 9162, 2.1.3.2).
     */
    public static boolean proves(byte[] leaf, long index, long size, List<byte[]> path, byte[] root) {
        if (index < 0 || index >= size) {
            return false;
        }
        long node = index;
        long last = size - 1;
        byte[] hash = leaf;
        for (byte[] sibling : path) {
            if (last == 0) {
                return false;
            }
            if ((node & 1) == 1 || node == last) {
                hash = node(sibling, hash);
                while ((node & 1) == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node(hash, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && Arrays.equals(hash, root);
    }
}

package dev.streamingsaga.receipt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tree against the published vectors of Certificate Transparency. */
@Tag("unit")
class MerkleTreeTest {
    private static final HexFormat HEX = HexFormat.of();

    private static final List<String> ENTRIES =
            List.of("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f");

    private static List<byte[]> leaves(int size) {
        return ENTRIES.subList(0, size).stream()
                .map(entry -> MerkleTree.leaf(HEX.parseHex(entry)))
                .toList();
    }

    private static MerkleTree tree(int size) {
        return new MerkleTree(leaves(size));
    }

    @ParameterizedTest
    @CsvSource({
        "0, e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "1, 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "2, fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "3, aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "4, d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "5, 4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "6, 76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "7, ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "8, 5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    })
    void has_the_published_root(int size, String root) {
        assertThat(HEX.formatHex(tree(size).root())).isEqualTo(root);
    }

    @Test
    void has_the_published_proof_of_the_first_leaf_of_eight() {
        assertThat(tree(8).proof(0).stream().map(HEX::formatHex))
                .containsExactly(
                        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void proves_each_leaf_and_nothing_else(int size) {
        MerkleTree tree = tree(size);
        for (int i = 0; i < size; i++) {
            List<byte[]> proof = tree.proof(i);
            for (int leaf = 0; leaf < size; leaf++) {
                for (int at = 0; at < size; at++) {
                    assertThat(MerkleTree.proves(leaves(size).get(leaf), at, size, proof, tree.root()))
                            .as("proof of %d of %d for leaf %d at %d", i, size, leaf, at)
                            .isEqualTo(leaf == i && at == i);
                }
            }
            assertThat(MerkleTree.proves(
                            leaves(size).get(i),
                            i,
                            size,
                            proof,
                            tree(size == 1 ? 2 : size - 1).root()))
                    .isFalse();
            List<byte[]> longer = new ArrayList<>(proof);
            longer.add(new byte[32]);
            assertThat(MerkleTree.proves(leaves(size).get(i), i, size, longer, tree.root()))
                    .isFalse();
        }
        assertThat(MerkleTree.proves(leaves(size).get(0), -1, size, List.of(), tree.root()))
                .isFalse();
        assertThat(IntStream.of(size, size + 1)
                        .anyMatch(at -> MerkleTree.proves(leaves(size).get(0), at, size, List.of(), tree.root())))
                .isFalse();
    }
}

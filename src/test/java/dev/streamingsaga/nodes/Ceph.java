package dev.streamingsaga.nodes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * Ceph's radosgw in front of a cluster of one monitor and one OSD in memory. Objects survive a restart of radosgw,
 * which is {@link #gateway}.
 */
final class Ceph {
    private static final Path SCRIPT = Path.of("src/test/ceph/cluster.sh");
    private static final String RADOSGW = "/usr/bin/radosgw";

    private final ServerProcess cluster;
    private final ServerProcess gateway;

    Ceph(Janitor janitor, String address, int port, String accessKey, String secretKey) {
        Assumptions.assumeTrue(
                GuestSystem.has(RADOSGW) && GuestSystem.has("/usr/bin/ceph-osd"),
                "SKIPPED: no radosgw in " + GuestSystem.ROOT + ", see docs/testing.md");
        Path folder = janitor.base().resolve("ceph");
        String drill = String.valueOf(janitor.base().getFileName());
        try {
            Files.createDirectories(folder);
            Files.copy(SCRIPT, folder.resolve("cluster.sh"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cluster = new ServerProcess(
                janitor,
                "ceph",
                GuestSystem.command(
                        folder,
                        "root:root",
                        List.of(
                                "sh",
                                GuestSystem.FOLDER + "/cluster.sh",
                                address,
                                "" + port,
                                "" + ServerProcess.freePort(),
                                accessKey,
                                secretKey,
                                drill)),
                () -> Files.exists(folder.resolve("ready")));
        gateway = new ServerProcess(
                janitor,
                "bucket",
                GuestSystem.command(
                        folder,
                        "root:root",
                        List.of(
                                RADOSGW,
                                "-f",
                                "-n",
                                "client.rgw",
                                "-c",
                                GuestSystem.FOLDER + "/ceph.conf",
                                "--log_file",
                                GuestSystem.FOLDER + "/" + drill + ".log")),
                () -> ServerProcess.accepts(address, port));
    }

    /** Returns when radosgw can be started. */
    void start() {
        cluster.start();
    }

    ServerProcess gateway() {
        return gateway;
    }
}

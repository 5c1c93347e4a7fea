package dev.streamingsaga.nodes;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A Debian system in a folder (see docs/testing.md), whose servers this machine does not have. */
final class GuestSystem {
    static final Path ROOT = Path.of(System.getProperty("nodes.system", "/opt/saga-nodes/trixie"));

    /** Where a program of that system sees its folder. */
    static final String FOLDER = "/mnt";

    private static final String ENTER = "mount --bind \"$1\" \"$2/mnt\" && mount --bind /proc \"$2/proc\""
            + " && root=$2 user=$3 && shift 3 && exec chroot --userspec=$user \"$root\" \"$@\"";

    private GuestSystem() {}

    /** Whether {@code program}, an absolute path in that system, can be run. */
    static boolean has(String program) {
        return System.getProperty("user.name").equals("root")
                && Files.exists(ROOT.resolve("etc/debian_version"))
                && Files.exists(ROOT.resolve(program.substring(1)));
    }

    /**
     * Returns a command that runs a program of that system.
     *
     * @param folder the folder of this machine that the program sees as {@link #FOLDER}
     */
    static List<String> command(Path folder, String user, List<String> program) {
        return Stream.concat(
                        Stream.of(
                                "unshare",
                                "--mount",
                                "sh",
                                "-c",
                                ENTER,
                                "enter",
                                folder.toString(),
                                ROOT.toString(),
                                user),
                        program.stream())
                .toList();
    }
}

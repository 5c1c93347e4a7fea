package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.Internal;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** Names processes in leases, in the log and in views of sagas. */
@Internal
public final class NodeName {
    private static final Path LINUX = Path.of("/proc/sys/kernel/hostname");
    private static final int READABLE_CHARS = 40;

    private NodeName() {}

    /**
     * A name that no other process has, and that this one gets only once: a readable name, the process id and an id. At
     * most 80 letters, digits, dots and hyphens.
     *
     * @param readable empty: the host name
     */
    public static String unique(String readable) {
        return readable(readable.isEmpty() ? host() : readable) + "-"
                + ProcessHandle.current().pid() + "-" + Ids.next();
    }

    /**
     * A name for a host that no other host has, to be kept: a readable name and an id. At most 67 letters, digits, dots
     * and hyphens.
     *
     * @param readable empty: the host name
     */
    public static String ofHost(String readable) {
        return readable(readable.isEmpty() ? host() : readable) + "-" + Ids.next();
    }

    /** Of a long host name without its domain the end is kept: there the pods of one deployment differ. */
    static String readable(String name) {
        String clean = name.strip().replaceAll("[^A-Za-z0-9.-]", "-");
        String brief = clean.length() > READABLE_CHARS ? clean.replaceFirst("\\..*", "") : clean;
        return brief.substring(Math.max(0, brief.length() - READABLE_CHARS));
    }

    /** Read from the kernel where possible: Java would ask a name server for the address too. */
    private static String host() {
        try {
            String host = Files.isReadable(LINUX)
                    ? Files.readString(LINUX).strip()
                    : InetAddress.getLocalHost().getHostName();
            return host.isEmpty() ? "localhost" : host;
        } catch (IOException e) {
            return "localhost"; // the process id and the id still distinguish it
        }
    }
}

package dev.streamingsaga.nodes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * Hosts as network and mount namespaces. Each has an address, a route to the servers only, and a disk that the others
 * do not see: all use the same path, but it leads each to its own directory. The rest of the file system is shared.
 */
final class Namespaces implements Network {
    private static final String NET = "10.213.";

    /** On the host: its own disk, and none of the others. */
    private static final String MOUNTS =
            "mount --bind \"$1\" \"$2\" && mount -t tmpfs none \"$3\" && shift 3 && exec \"$@\"";

    private final Janitor janitor;
    private final int subnet;

    private Namespaces(Janitor janitor, int subnet) {
        this.janitor = janitor;
        this.subnet = subnet;
    }

    /** Skips the test if this machine does not allow namespaces. */
    static Namespaces create(Janitor janitor) {
        Assumptions.assumeTrue(
                System.getProperty("user.name").equals("root"),
                "SKIPPED: hosts are network and mount namespaces, which only root may create");
        String inUse = Shell.must("ip", "-o", "address");
        int subnet = 1;
        while (inUse.contains(NET + subnet + ".")) {
            subnet++;
        }
        Namespaces network = new Namespaces(janitor, subnet);
        Shell.Result created = Shell.run(List.of("ip", "netns", "add", network.name(0)));
        Assumptions.assumeTrue(
                created.exit() == 0, "SKIPPED: this machine allows no network namespaces: " + created.output());
        janitor.namespace(network.name(0));
        return network;
    }

    private String name(int number) {
        return "saga" + subnet + "-" + number;
    }

    @Override
    public String server() {
        return NET + subnet + ".1";
    }

    @Override
    public Host host(int number) {
        String name = name(number);
        String address = NET + subnet + "." + (10 + number);
        Shell.must("ip", "netns", "add", name);
        janitor.namespace(name);
        Shell.must("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
        Shell.must("ip", "address", "add", server(), "peer", address + "/32", "dev", name);
        Shell.must("ip", "link", "set", name, "up");
        Shell.must("ip", "-n", name, "address", "add", address, "peer", server() + "/32", "dev", "eth0");
        Shell.must("ip", "-n", name, "link", "set", "eth0", "up");
        Shell.must("ip", "-n", name, "link", "set", "lo", "up");
        Path disks = janitor.base().resolve("disks");
        Path disk = disks.resolve(name);
        Path mounted = janitor.base().resolve("disk");
        try {
            Files.createDirectories(disk);
            Files.createDirectories(mounted);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Host(address, mounted.resolve("data"), disk.resolve("data"), command -> {
            List<String> all = new ArrayList<>(
                    List.of("nsenter", "--net=/run/netns/" + name, "unshare", "--mount", "sh", "-c", MOUNTS, "host"));
            all.addAll(List.of(disk.toString(), mounted.toString(), disks.toString()));
            all.addAll(command);
            return all;
        });
    }
}

package dev.streamingsaga.nodes;

import java.nio.file.Path;

/** The hosts of a drill, and the machine that its servers run on. */
interface Network {
    /** Address at which the nodes reach the servers. */
    String server();

    /** From 1 on. */
    Host host(int number);

    /** All hosts are this machine: each has a directory of its own, but can see those of the others. */
    static Network local(Path base) {
        return new Network() {
            @Override
            public String server() {
                return "127.0.0.1";
            }

            @Override
            public Host host(int number) {
                Path disk = base.resolve("disk-" + number);
                return new Host("127.0.0.1", disk, disk, command -> command);
            }
        };
    }
}

package dev.streamingsaga.embedded;

import dev.streamingsaga.config.ServerConfig.CoordinatorServer;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the embedded coordinator listens, and by which names it may be called.
 *
 * @param bind address that it binds to
 * @param called name in its own URL
 * @param others further names, each with or without a port
 */
record CoordinatorAddress(String bind, String called, List<String> others) {
    private static final String LOOPBACK = "127.0.0.1";

    static CoordinatorAddress loopback(List<String> others) {
        return new CoordinatorAddress(LOOPBACK, LOOPBACK, others);
    }

    /** On every address it is called by the first of the configured names. */
    static CoordinatorAddress of(CoordinatorServer settings) {
        String called = settings.isOnEveryAddress() ? settings.hosts().get(0) : bracketed(settings.host());
        return new CoordinatorAddress(unbracketed(settings.host()), called, settings.hosts());
    }

    URI url(int port) {
        return URI.create("http://" + authority(port) + "/lra-coordinator");
    }

    /** Values of {@code Host} that requests may have, each with or without a port. */
    List<String> hosts(int port) {
        Stream<String> own = Stream.of(authority(port), LOOPBACK + ":" + port);
        return Stream.concat(own, others.stream()).distinct().toList();
    }

    private String authority(int port) {
        return called.matches(".*:\\d{1,5}") ? called : called + ":" + port;
    }

    private static String bracketed(String host) {
        return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}

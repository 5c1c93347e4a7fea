package dev.streamingsaga.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/** Connections to the embedded broker of a data directory, as local programs open them. */
public final class BrokerClient {
    private BrokerClient() {}

    /** With the account that may send documents and receive replies. */
    public static ActiveMQConnectionFactory producer(Path data) throws IOException {
        return connections(data, "broker.credentials");
    }

    /** With the account that may also read dead letters. */
    public static ActiveMQConnectionFactory operator(Path data) throws IOException {
        return connections(data, "broker-operator.credentials");
    }

    private static ActiveMQConnectionFactory connections(Path data, String credentials) throws IOException {
        List<String> lines = Files.readAllLines(data.resolve(credentials));
        return new ActiveMQConnectionFactory(url(data), lines.get(0), lines.get(1));
    }

    public static String url(Path data) throws IOException {
        List<String> ports = Files.readAllLines(data.resolve("broker.port"));
        return "tcp://127.0.0.1:" + ports.get(ports.size() - 1);
    }
}

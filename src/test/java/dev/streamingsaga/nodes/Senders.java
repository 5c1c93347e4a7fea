package dev.streamingsaga.nodes;

import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/**
 * Clients as they are: they send until the document is accepted. HTTP: after a broken connection, 429 or 503 the same
 * request to the next node. JMS: after an error the same message on a new connection.
 */
final class Senders implements AutoCloseable {
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final List<Node> nodes;
    private final String key;
    private final String brokerUrl;
    private final Path shared;
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
    private final ExecutorService clients = Executors.newFixedThreadPool(8);
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(3))
            .build();
    private final AtomicInteger turn = new AtomicInteger();
    private final AtomicInteger broken = new AtomicInteger();
    private final Map<Integer, Integer> statuses = new ConcurrentHashMap<>();
    private final Queue<String> wrongAnswers = new ConcurrentLinkedQueue<>();

    /** @param shared the folder that all nodes see, with the drop folder in it */
    Senders(List<Node> nodes, String key, String brokerUrl, Path shared) {
        this.nodes = nodes;
        this.key = key;
        this.brokerUrl = brokerUrl;
        this.shared = shared;
    }

    /** Sends one document after each interval. */
    List<Future<?>> send(List<TestDocument> documents, Duration interval) {
        List<Future<?>> sent = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            TestDocument document = documents.get(i);
            java.util.concurrent.CompletableFuture<Void> accepted = new java.util.concurrent.CompletableFuture<>();
            clock.schedule(
                    () -> clients.submit(() -> {
                        try {
                            send(document);
                            accepted.complete(null);
                        } catch (Exception e) {
                            accepted.completeExceptionally(e);
                        }
                    }),
                    interval.toMillis() * i,
                    TimeUnit.MILLISECONDS);
            sent.add(accepted);
        }
        return sent;
    }

    private void send(TestDocument document) throws Exception {
        switch (document.entry()) {
            case HTTP -> put(document);
            case BYTES_MESSAGE -> message(document);
            case CLAIM_CHECK -> claim(document);
            case DROP_FOLDER -> drop(document);
        }
    }

    private void drop(TestDocument document) throws IOException {
        Path arriving = shared.resolve("drop").resolve("." + document.name());
        Files.copy(document.file(), arriving);
        Files.move(arriving, shared.resolve("drop").resolve(document.name()), StandardCopyOption.ATOMIC_MOVE);
    }

    private void claim(TestDocument document) throws IOException {
        Path file = Files.copy(document.file(), shared.resolve("claims").resolve(document.name()));
        deliver(session -> session.createTextMessage("{\"path\": \"" + file + "\"}"));
    }

    private void message(TestDocument document) throws IOException {
        byte[] content = document.content();
        deliver(session -> {
            BytesMessage message = session.createBytesMessage();
            message.setStringProperty("fileName", document.name());
            message.writeBytes(content);
            return message;
        });
    }

    private interface MessageFactory {
        Message create(Session session) throws JMSException;
    }

    private void deliver(MessageFactory factory) {
        while (true) {
            try (ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory(brokerUrl);
                    Connection connection = connections.createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                    MessageProducer producer = session.createProducer(session.createQueue(BrokerProcess.QUEUE))) {
                Message message = factory.create(session);
                message.setJMSReplyTo(session.createQueue(BrokerProcess.REPLIES));
                producer.send(message);
                return;
            } catch (JMSException e) {
                Drill.pause(PAUSE);
            }
        }
    }

    private void put(TestDocument document) throws IOException, InterruptedException {
        while (true) {
            Node node = nodes.get(turn.getAndIncrement() % nodes.size());
            HttpRequest request = HttpRequest.newBuilder(node.url().resolve("/api/documents/" + document.name()))
                    .timeout(REQUEST_LIMIT)
                    .header("Authorization", "Bearer " + key)
                    .PUT(BodyPublishers.ofFile(document.file()))
                    .build();
            try {
                HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
                statuses.merge(answer.statusCode(), 1, Integer::sum);
                if (answer.statusCode() == 202 || answer.statusCode() == 200) {
                    return;
                }
                check(node, document, answer);
            } catch (IOException e) {
                broken.incrementAndGet();
            }
            Drill.pause(PAUSE);
        }
    }

    private void check(Node node, TestDocument document, HttpResponse<String> answer) {
        boolean comeBack = answer.statusCode() == 503 || answer.statusCode() == 429;
        if (!comeBack || answer.headers().firstValue("Retry-After").isEmpty()) {
            wrongAnswers.add(node.name() + " answers " + document.name() + " with " + answer.statusCode() + " "
                    + answer.headers().map() + " " + answer.body());
        }
    }

    /** Answers other than 200, 202, and 429 or 503 with {@code Retry-After}. */
    List<String> wrongAnswers() {
        return List.copyOf(wrongAnswers);
    }

    /** Answers by status, and requests without an answer. */
    String answers() {
        return new TreeMap<>(statuses) + ", broken " + broken;
    }

    @Override
    public void close() {
        clock.shutdownNow();
        clients.shutdownNow();
    }
}

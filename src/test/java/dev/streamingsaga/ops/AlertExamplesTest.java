package dev.streamingsaga.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.Test;

/** Tests the example alert routes as shipped, except for their addresses. */
class AlertExamplesTest {
    private static final Map<String, Object> ALERT = Map.of(
            "timestamp",
            "2026-01-01T00:00:00Z",
            "severity",
            "WARNING",
            "type",
            "PARTIAL_ROLLBACK",
            "sagaId",
            "01m80s20jv8p3rfjbj5wfj1x8j",
            "failedChunks",
            45,
            "totalChunks",
            100,
            "successRate",
            55.0,
            "message",
            "45 piece(s) could not be removed",
            "actionRequired",
            "see cleanups");

    private static void send(String example, String from, String to) throws Exception {
        String yaml = Files.readString(Path.of("routes/examples/" + example)).replace(from, to);
        assertThat(yaml).contains(to);
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            PluginHelper.getRoutesLoader(context).loadRoutes(ResourceHelper.fromString("alert.camel.yaml", yaml));
            context.start();
            context.createProducerTemplate().sendBody("direct:saga-alert", ALERT);
        }
    }

    @Test
    void posts_an_alert_to_a_webhook() throws Exception {
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/alerts", exchange -> {
            received.add(exchange.getRequestMethod() + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        try {
            send(
                    "alert-webhook.camel.yaml",
                    "{{env:SAGA_ALERT_URL:http://127.0.0.1:9/alerts}}",
                    "http://127.0.0.1:" + server.getAddress().getPort() + "/alerts");
            String request = received.poll(10, TimeUnit.SECONDS);
            assertThat(request).startsWith("POST ");
            JsonNode json = new ObjectMapper().readTree(request.substring("POST ".length()));
            assertThat(json.get("failedChunks").asInt()).isEqualTo(45);
            assertThat(json.get("actionRequired").asText()).isEqualTo("see cleanups");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void mails_an_alert() throws Exception {
        GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        server.start();
        try {
            send(
                    "alert-mail.camel.yaml",
                    "{{env:SAGA_ALERT_SMTP:127.0.0.1:25}}",
                    "127.0.0.1:" + server.getSmtp().getPort());
            assertThat(server.waitForIncomingEmail(10_000, 1)).isTrue();
            assertThat(server.getReceivedMessages()[0].getSubject())
                    .isEqualTo("Streaming Saga: WARNING PARTIAL_ROLLBACK in saga 01m80s20jv8p3rfjbj5wfj1x8j");
            assertThat(server.getReceivedMessages()[0].getContent().toString()).contains("45 piece(s)", "see cleanups");
        } finally {
            server.stop();
        }
    }
}

package dev.streamingsaga.testkit;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One request on a client connection, and the actions of a behaviour on it. Each forwarded request uses a new upstream
 * connection: upstream could close a kept one just when it is reused, which would be an accidental fault.
 */
final class ProxyExchange {
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final FaultProxy proxy;
    private final Socket client;
    private final InputStream in;
    private final OutputStream out;
    private final HttpHead head;
    private final HttpBody body;
    private final AtomicReference<ProxiedRequest> record;
    private boolean continued;
    private boolean reusable;

    ProxyExchange(
            FaultProxy proxy, Socket client, InputStream in, HttpHead head, AtomicReference<ProxiedRequest> record)
            throws IOException {
        this.proxy = proxy;
        this.client = client;
        this.in = in;
        this.out = new BufferedOutputStream(client.getOutputStream(), 16 * 1024);
        this.head = head;
        this.body = HttpBody.ofRequest(head);
        this.record = record;
    }

    /** Whether the client's connection can take another request. */
    boolean isReusable() {
        return reusable;
    }

    void reset() {
        FaultProxy.reset(client);
    }

    void cut(long bytes) throws IOException {
        if (!body.isEmpty()) {
            Socket upstream = proxy.connectUpstream();
            try {
                OutputStream to = upstream.getOutputStream();
                to.write(head.raw());
                sendContinue();
                body.copy(in, to, new HttpBody.Cut(body.unfinished(bytes)));
            } finally {
                FaultProxy.reset(upstream);
                proxy.forget(upstream);
            }
        }
        reset();
    }

    void answer(int status, String code) throws IOException {
        consume();
        byte[] xml = ("""
                <?xml version="1.0" encoding="UTF-8"?>
                <Error><Code>%s</Code><Message>Answered by the fault
                  proxy.</Message><RequestId>fault-proxy</RequestId></Error>
                """.formatted(code)).getBytes(StandardCharsets.UTF_8);
        String reply = "HTTP/1.1 " + status + " Fault\r\nDate: "
                + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))
                + "\r\nContent-Type: application/xml\r\nx-amz-request-id: fault-proxy\r\nContent-Length: " + xml.length
                + "\r\n\r\n";
        record.updateAndGet(request -> request.withStatus(status));
        out.write(reply.getBytes(StandardCharsets.US_ASCII));
        if (!head.method().equals("HEAD")) {
            out.write(xml);
        }
        out.flush();
        reusable = head.keepsAlive();
    }

    void hang() throws IOException {
        consume();
        hold();
    }

    void forward() throws IOException, InterruptedException {
        forward(HttpBody.Payload.UNALTERED, () -> {}, true);
    }

    void forwardThen(FaultRule.Hook hook) throws IOException, InterruptedException {
        forward(HttpBody.Payload.UNALTERED, hook, true);
    }

    void forwardWithoutReply() throws IOException, InterruptedException {
        forward(HttpBody.Payload.UNALTERED, () -> {}, false);
        hold();
    }

    void forwardCorrupted() throws IOException, InterruptedException {
        HttpBody.Flip flip = new HttpBody.Flip(head);
        forward(
                flip,
                () -> {
                    if (!flip.done()) {
                        throw new IllegalStateException(
                                "no content to corrupt in " + head.method() + " " + head.path());
                    }
                },
                true);
    }

    void run(FaultRule.Hook hook) {
        try {
            hook.run();
        } catch (Exception e) {
            throw new IllegalStateException("hook of " + record.get() + " failed", e);
        }
    }

    /**
     * Forwards body and response at the same time: upstream may respond, or send "100 Continue", before it has read
     * everything.
     */
    private void forward(HttpBody.Payload payload, FaultRule.Hook afterReply, boolean passOn)
            throws IOException, InterruptedException {
        Socket upstream = proxy.connectUpstream();
        try {
            OutputStream to = new UntilRefused(upstream.getOutputStream());
            to.write(head.raw());
            to.flush();
            Future<?> sent = body.isEmpty()
                    ? CompletableFuture.completedFuture(null)
                    : proxy.start(() -> send(to, payload, upstream));
            InputStream from = new BufferedInputStream(upstream.getInputStream(), 64 * 1024);
            HttpHead reply = finalReply(from);
            record.updateAndGet(request -> request.withUpstreamStatus(status(reply)));
            run(afterReply);
            HttpBody replyBody = HttpBody.ofReply(reply, head.method());
            if (passOn) {
                record.updateAndGet(request -> request.withStatus(status(reply)));
                out.write(reply.raw());
            }
            replyBody.copy(from, passOn ? out : OutputStream.nullOutputStream(), HttpBody.Payload.UNALTERED);
            out.flush();
            // Rejected before "100 Continue": whether the client still sends its body is unknown, so the connection is
            // closed.
            boolean bodyMayFollow = !head.has("Expect", "100-continue") || continued || sent.isDone();
            if (bodyMayFollow) {
                finish(sent);
            }
            reusable = passOn
                    && bodyMayFollow
                    && head.keepsAlive()
                    && reply.keepsAlive()
                    && !replyBody.endsWithConnection();
        } finally {
            FaultProxy.reset(upstream);
            proxy.forget(upstream);
        }
    }

    private void send(OutputStream to, HttpBody.Payload payload, Socket upstream) {
        try {
            body.copy(in, to, payload);
        } catch (IOException e) {
            // The client has disconnected. The reset also ends the thread that waits for the response.
            FaultProxy.reset(upstream);
        }
    }

    private HttpHead finalReply(InputStream from) throws IOException {
        while (true) {
            HttpHead reply = HttpHead.read(from)
                    .orElseThrow(() -> new EOFException("upstream closed the connection without an answer"));
            if (reply.status() == 101) {
                throw new IOException("upstream switches protocols, which this proxy cannot");
            }
            if (reply.status() >= 200) {
                return reply;
            }
            continued = true;
            out.write(reply.raw());
            out.flush();
        }
    }

    private static int status(HttpHead reply) {
        return Integer.parseInt(reply.startLine()[1]);
    }

    private static void finish(Future<?> sent) throws IOException, InterruptedException {
        try {
            sent.get();
        } catch (ExecutionException e) {
            throw new IOException("request body was not forwarded", e.getCause());
        }
    }

    private void consume() throws IOException {
        sendContinue();
        body.copy(in, OutputStream.nullOutputStream(), HttpBody.Payload.UNALTERED);
    }

    private void sendContinue() throws IOException {
        if (head.has("Expect", "100-continue")) {
            out.write(CONTINUE);
            out.flush();
        }
    }

    private void hold() throws IOException {
        in.transferTo(OutputStream.nullOutputStream());
    }

    /**
     * Discards data once upstream stops reading, so that the client can send the rest and read the early response of
     * upstream.
     */
    private static final class UntilRefused extends FilterOutputStream {
        private boolean refused;

        UntilRefused(OutputStream upstream) {
            super(new BufferedOutputStream(upstream, 16 * 1024));
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            attempt(() -> out.write(bytes, offset, length));
        }

        @Override
        public void flush() {
            attempt(out::flush);
        }

        private void attempt(Write write) {
            if (!refused) {
                try {
                    write.run();
                } catch (IOException e) {
                    refused = true;
                }
            }
        }

        @FunctionalInterface
        private interface Write {
            void run() throws IOException;
        }
    }
}

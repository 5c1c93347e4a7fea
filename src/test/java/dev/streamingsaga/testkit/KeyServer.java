package dev.streamingsaga.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A key service with the part of the API of AWS KMS that wraps and unwraps: Encrypt and Decrypt, with symmetric keys,
 * aliases and an encryption context. It really encrypts. It can be away, hang, refuse, disable a key and lose one.
 */
public final class KeyServer implements AutoCloseable {
    public static final String ACCESS_KEY = "kms-user";
    private static final String ARN = "arn:aws:kms:us-east-1:111122223333:key/";
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int HANG_SECONDS = 60;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Map<String, Key> keys = new ConcurrentHashMap<>();
    private final Map<String, String> aliases = new ConcurrentHashMap<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final int port;
    private volatile HttpServer server;
    private volatile boolean stopped;
    private volatile int answered = Integer.MAX_VALUE;
    private volatile Failure failure = Failure.NONE;
    private volatile CountDownLatch released = new CountDownLatch(0);

    public KeyServer() throws IOException {
        server = listen(0);
        port = server.getAddress().getPort();
    }

    private record Key(SecretKeySpec secret, String state) {}

    private record Failure(int status, String type) {
        static final Failure NONE = new Failure(200, "");
    }

    /** A request that is answered with an error. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final int status;
        private final String type;

        Refused(int status, String type) {
            super(type);
            this.status = status;
            this.type = type;
        }
    }

    private HttpServer listen(int port) throws IOException {
        HttpServer listening = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        listening.createContext("/", this::answer);
        listening.setExecutor(threads);
        listening.start();
        return listening;
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Creates a key, and returns its ARN. */
    public String createKey(String id) {
        byte[] secret = new byte[32];
        RANDOM.nextBytes(secret);
        keys.put(ARN + id, new Key(new SecretKeySpec(secret, "AES"), "Enabled"));
        return ARN + id;
    }

    public void pointAlias(String alias, String arn) {
        aliases.put(alias, arn);
    }

    public void disable(String arn) {
        keys.computeIfPresent(arn, (id, key) -> new Key(key.secret(), "Disabled"));
    }

    public void delete(String arn) {
        keys.remove(arn);
    }

    /** Every request gets this error. */
    public void failWith(int status, String type) {
        failure = new Failure(status, type);
    }

    /** Answers this many further requests; then it is overloaded until {@link #recover}. */
    public void overloadAfter(int further) {
        answered = requests.get() + further;
    }

    /** Requests get no answer until {@link #recover}. */
    public void hang() {
        released = new CountDownLatch(1);
    }

    /** Connections are refused until {@link #recover}. */
    public void stop() {
        stopped = true;
        server.stop(0);
    }

    /** Ends every failure. */
    public void recover() {
        failure = Failure.NONE;
        answered = Integer.MAX_VALUE;
        released.countDown();
        if (!stopped) {
            return;
        }
        try {
            server = listen(port);
            stopped = false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int requests() {
        return requests.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        try (exchange) {
            JsonNode request = JSON.readTree(exchange.getRequestBody());
            if (!released.await(HANG_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
            try {
                send(exchange, 200, answer(exchange, request));
            } catch (Refused e) {
                send(
                        exchange,
                        e.status,
                        JSON.createObjectNode().put("__type", e.type).put("message", "as the test says"));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private ObjectNode answer(HttpExchange exchange, JsonNode request) throws Refused {
        if (requests.get() > answered) {
            throw new Refused(503, "ServiceUnavailable");
        }
        if (failure.status() != 200) {
            throw new Refused(failure.status(), failure.type());
        }
        String signature = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        if (!signature.contains("Credential=" + ACCESS_KEY + "/") || !signature.contains("/us-east-1/kms/")) {
            throw new Refused(400, "AccessDeniedException");
        }
        String arn = arn(request.path("KeyId").asText());
        Key key = keys.get(arn);
        if (key == null) {
            throw new Refused(400, "NotFoundException");
        }
        if (!key.state().equals("Enabled")) {
            throw new Refused(400, "DisabledException");
        }
        byte[] context = context(request.path("EncryptionContext"));
        return switch (String.valueOf(exchange.getRequestHeaders().getFirst("X-Amz-Target"))) {
            case "TrentService.Encrypt" ->
                JSON.createObjectNode()
                        .put("KeyId", arn)
                        .put("EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
                        .put("CiphertextBlob", encrypt(arn, key, bytes(request, "Plaintext"), context));
            case "TrentService.Decrypt" ->
                JSON.createObjectNode()
                        .put("KeyId", arn)
                        .put("EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
                        .put("Plaintext", decrypt(arn, key, bytes(request, "CiphertextBlob"), context));
            default -> throw new Refused(400, "UnsupportedOperationException");
        };
    }

    private String arn(String keyId) {
        if (keyId.startsWith("alias/")) {
            return aliases.getOrDefault(keyId, keyId);
        }
        return keyId.startsWith("arn:") ? keyId : ARN + keyId;
    }

    private static byte[] bytes(JsonNode request, String field) {
        return Base64.getDecoder().decode(request.path(field).asText());
    }

    private static byte[] context(JsonNode context) {
        Map<String, String> sorted = new TreeMap<>();
        context.properties()
                .forEach(field -> sorted.put(field.getKey(), field.getValue().asText()));
        return sorted.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** As KMS, the ciphertext says which key it needs: its length, the ARN, nonce and ciphertext. */
    private static String encrypt(String arn, Key key, byte[] plaintext, byte[] context) {
        try {
            byte[] nonce = new byte[NONCE_BYTES];
            RANDOM.nextBytes(nonce);
            byte[] name = arn.getBytes(StandardCharsets.UTF_8);
            byte[] secret = cipher(Cipher.ENCRYPT_MODE, key, nonce, context).doFinal(plaintext);
            return Base64.getEncoder()
                    .encodeToString(ByteBuffer.allocate(Integer.BYTES + name.length + NONCE_BYTES + secret.length)
                            .putInt(name.length)
                            .put(name)
                            .put(nonce)
                            .put(secret)
                            .array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String decrypt(String arn, Key key, byte[] blob, byte[] context) throws Refused {
        ByteBuffer in = ByteBuffer.wrap(blob);
        if (in.remaining() < Integer.BYTES) {
            throw new Refused(400, "InvalidCiphertextException");
        }
        int length = in.getInt();
        if (length < 0 || length + NONCE_BYTES > in.remaining()) {
            throw new Refused(400, "InvalidCiphertextException");
        }
        byte[] name = new byte[length];
        in.get(name);
        if (!new String(name, StandardCharsets.UTF_8).equals(arn)) {
            throw new Refused(400, "IncorrectKeyException");
        }
        byte[] nonce = new byte[NONCE_BYTES];
        in.get(nonce);
        byte[] secret = new byte[in.remaining()];
        in.get(secret);
        try {
            return Base64.getEncoder()
                    .encodeToString(
                            cipher(Cipher.DECRYPT_MODE, key, nonce, context).doFinal(secret));
        } catch (GeneralSecurityException e) {
            throw new Refused(400, "InvalidCiphertextException");
        }
    }

    private static Cipher cipher(int mode, Key key, byte[] nonce, byte[] context) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key.secret(), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(context);
        return cipher;
    }

    private static void send(HttpExchange exchange, int status, ObjectNode body) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.1");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        released.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}

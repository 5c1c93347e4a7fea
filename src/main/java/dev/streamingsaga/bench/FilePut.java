package dev.streamingsaga.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Sends a file by {@code PUT} at little cost for the client: the system copies the file to the connection. */
final class FilePut {
    private FilePut() {}

    /** Waits for the outcome. */
    static void send(URI base, Path file, String name) throws IOException {
        try (FileChannel content = FileChannel.open(file, StandardOpenOption.READ);
                SocketChannel server = SocketChannel.open(new InetSocketAddress(base.getHost(), base.getPort()))) {
            String head = "PUT " + base.getPath() + "api/documents/" + name + " HTTP/1.1\r\nHost: "
                    + base.getAuthority() + "\r\nPrefer: wait=600\r\nConnection: close\r\nContent-Length: "
                    + content.size() + "\r\n\r\n";
            ByteBuffer headers = ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII));
            while (headers.hasRemaining()) {
                server.write(headers);
            }
            for (long sent = 0; sent < content.size(); ) {
                sent += content.transferTo(sent, content.size() - sent, server);
            }
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            Channels.newInputStream(server).transferTo(answer);
            require(answer.toString(StandardCharsets.UTF_8));
        }
    }

    private static void require(String answer) {
        if (!answer.startsWith("HTTP/1.1 200") || !answer.contains("\"COMPLETED\"")) {
            throw new IllegalStateException("the measured PUT was answered with " + answer);
        }
    }
}

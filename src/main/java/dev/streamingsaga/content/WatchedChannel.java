package dev.streamingsaga.content;

import dev.streamingsaga.source.ReadOnlyChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.function.Consumer;

/** Reports failed reads, since parsers may swallow an exception and continue as if the document ended there. */
final class WatchedChannel extends ReadOnlyChannel {
    private final SeekableByteChannel channel;
    private final Consumer<Exception> onFailure;

    WatchedChannel(SeekableByteChannel channel, Consumer<Exception> onFailure) {
        this.channel = channel;
        this.onFailure = onFailure;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        try {
            return channel.read(target);
        } catch (IOException | RuntimeException e) {
            onFailure.accept(e);
            throw e;
        }
    }

    @Override
    public long position() throws IOException {
        return channel.position();
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        channel.position(newPosition);
        return this;
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

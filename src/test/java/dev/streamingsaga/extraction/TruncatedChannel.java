package dev.streamingsaga.extraction;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;

/** A document that has fewer bytes than it says. */
record TruncatedChannel(SeekableByteChannel bytes) implements SeekableByteChannel {
    @Override
    public int read(ByteBuffer target) {
        return -1;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        return bytes.write(source);
    }

    @Override
    public long position() throws IOException {
        return bytes.position();
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        bytes.position(newPosition);
        return this;
    }

    @Override
    public long size() throws IOException {
        return bytes.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
        return bytes.truncate(size);
    }

    @Override
    public boolean isOpen() {
        return bytes.isOpen();
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }
}

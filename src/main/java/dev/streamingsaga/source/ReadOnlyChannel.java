package dev.streamingsaga.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** A base for channels that are only read. */
public abstract class ReadOnlyChannel implements SeekableByteChannel {
    @Override
    public abstract SeekableByteChannel position(long newPosition) throws IOException;

    @Override
    public final int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public final SeekableByteChannel truncate(long newSize) {
        throw new NonWritableChannelException();
    }
}

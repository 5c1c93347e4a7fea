/**
 * Bodies that go straight to the bucket while they arrive, for every ingestion endpoint.
 *
 * <p>Guarantees:
 *
 * <ul>
 *   <li>The journal has the saga before the first byte is written, and each chunk before it is sent. So the journal
 *       alone can undo what has arrived, and a body that is given up leaves nothing in the bucket.
 *   <li>Of each body, the local disk holds the chunks in flight ({@code saga.chunk.parallelism}) and the one that fills
 *       up, memory holds a small buffer.
 *   <li>A body is complete when the bucket has confirmed all its chunks and the journal has recorded that. From then on
 *       any node can run its saga: no host's disk matters.
 * </ul>
 *
 * <p>The LRA of the saga begins when the body is complete. A slow sender keeps no LRA open, and an aborted upload needs
 * no coordinator.
 */
@Internal
@NullMarked
package dev.streamingsaga.upload;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;

/**
 * The way in by JMS: a text message that names a file ({@code {"path"}} or {@code {"uri"}}), or a bytes message with
 * the property {@code fileName}.
 *
 * <p>Guarantees: a message leaves the queue only when its saga has its outcome, in one session transaction with the
 * reply, if one is asked for, or with its copy in the dead-letter queue. Until then a kill brings it back, and a
 * message that was delivered before is answered by the saga it had begun. The body of a bytes message is written to a
 * spool file while it arrives, in constant memory if it is streamed by the client too: that of Artemis is told to. A
 * body of another type is held whole by the client before anybody here sees it: the embedded broker takes none above 8
 * MiB, and another one should not either. No header or property of a message reaches another route; of its properties
 * only {@code fileName} is read. Object messages are never unpacked.
 */
@NullMarked
package dev.streamingsaga.jms;

import org.jspecify.annotations.NullMarked;

/**
 * Ingestion from JMS: a text message that names a file ({@code {"path"}} or {@code {"uri"}}), or a bytes message with
 * the property {@code fileName}.
 *
 * <p>Guarantees:
 *
 * <ul>
 *   <li>A message leaves the queue only when its saga has its outcome, in one session transaction with the reply (if
 *       the sender wants one), with the copy in the dead-letter queue, or with the copy that delivers it again later.
 *       If the process is killed before that, the broker redelivers the message, and the saga that it started answers
 *       it.
 *   <li>The body of a bytes message is written to a spool file or to the bucket as it arrives, in constant memory if
 *       the client library streams it; the Artemis client is configured to. The client loads any other type of body
 *       into memory before this code sees it: the embedded broker rejects such messages above 8 MiB, and other brokers
 *       should too.
 *   <li>Neither a message nor its headers and properties reach the routes of a saga. Only the property {@code fileName}
 *       is read.
 *   <li>Object messages are never deserialized.
 * </ul>
 */
@Internal
@NullMarked
package dev.streamingsaga.jms;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;

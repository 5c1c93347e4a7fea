package dev.streamingsaga.jms;

import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.StreamCopy;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.DeliveryRequest;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.upload.BodyUpload;
import dev.streamingsaga.upload.Uploader;
import dev.streamingsaga.upload.Uploads;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.util.Optional;
import org.apache.camel.Exchange;

/** Sends the body of a bytes message straight to the bucket. */
final class StagedBody {
    private final Uploads uploads;
    private final MessageIdentity identity;

    StagedBody(Uploads uploads, MessageIdentity identity) {
        this.uploads = uploads;
        this.identity = identity;
    }

    /**
     * Receives the body, and replaces the message by the run of its saga, or finds the saga that answers for it.
     *
     * @throws DocumentRefusedException if the name is not allowed, the body is too large, or the disk is full
     * @throws SagaException if the bucket does not accept it; the message is delivered again
     */
    void receive(Exchange exchange) throws JMSException, IOException {
        BytesMessage message = (BytesMessage) ReceivedMessage.of(exchange);
        String name = SpooledBody.name(message);
        uploads.requireAllowed(message.getBodyLength());
        BodyUpload upload =
                uploads.begin(new Uploader(JmsRoutes.SENDER, identity.access(), identity.label(exchange)), name);
        RedeliveredMessage.bodyIsRead(exchange);
        try {
            upload.receive(body(message));
        } catch (Exception e) {
            upload.abort(Uploads.reason(e), "the body of the message was not accepted: " + e.getMessage());
            throw e;
        }
        BodyUpload.Completion completion = complete(exchange, upload);
        completion
                .accepted()
                .ifPresentOrElse(
                        body -> {
                            ReceivedMessage.replace(exchange, "");
                            body.to(exchange);
                        },
                        () -> EarlierSaga.answers(exchange, completion.saga()));
    }

    private BodyUpload.Completion complete(Exchange exchange, BodyUpload upload) {
        try {
            return upload.complete(
                    Optional.ofNullable(exchange.getProperty(Ingest.REQUEST, String.class)),
                    exchange.getProperty(Ingest.DELIVERY, DeliveryRequest.NONE, DeliveryRequest.class));
        } catch (RuntimeException e) {
            upload.abort(Uploads.reason(e), "the body of the message was not accepted: " + e.getMessage());
            throw e;
        }
    }

    private static UploadSpool.Body body(BytesMessage message) throws JMSException {
        return LargeMessageBody.is(message)
                ? new LargeMessageBody(message)
                : StreamCopy.of(new BytesMessageBody(message));
    }
}

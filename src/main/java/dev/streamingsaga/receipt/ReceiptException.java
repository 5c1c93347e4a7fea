package dev.streamingsaga.receipt;

/** A receipt, a proof or a key that cannot be used; the message says why. */
public final class ReceiptException extends RuntimeException {
    ReceiptException(String message) {
        super(message);
    }

    ReceiptException(String message, Throwable cause) {
        super(message, cause);
    }
}

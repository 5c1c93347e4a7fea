package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.PublicApi;

/** An entry could not be written to the audit log, so that the operation is refused. */
@PublicApi
public final class AuditWriteException extends RuntimeException {
    AuditWriteException(RuntimeException cause) {
        super("the audit log cannot be written: " + cause.getMessage() + "; nothing was done, try again later", cause);
    }
}

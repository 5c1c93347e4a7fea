package dev.streamingsaga.backup;

/** Why a backup or a restore was refused or given up; nothing of the instance has changed. */
public final class BackupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BackupException(String message) {
        super(message);
    }

    BackupException(String message, Throwable cause) {
        super(message, cause);
    }
}

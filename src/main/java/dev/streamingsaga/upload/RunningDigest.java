package dev.streamingsaga.upload;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of bytes that still arrive: its value so far can be read without ending it. */
final class RunningDigest {
    private RunningDigest() {}

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The hash so far; the digest can be updated further. */
    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(copy(digest).digest());
    }

    static MessageDigest copy(MessageDigest digest) {
        try {
            return (MessageDigest) digest.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("SHA-256 of every Java can be copied", e);
        }
    }
}

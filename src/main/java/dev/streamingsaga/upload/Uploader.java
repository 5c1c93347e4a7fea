package dev.streamingsaga.upload;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.SecurityLabel;

/**
 * Who sends a body.
 *
 * @param sender recorded as the sender
 * @param label owner and classification of the document
 */
public record Uploader(String sender, Access access, SecurityLabel label) {}

package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/**
 * Says which text of a document is missing or uncertain.
 *
 * @param place where in the document: {@code page 3}, {@code pages 3-7}, the name of an attachment; empty for all of it
 * @param message a sentence for people, without content of the document
 */
@PublicApi
public record Warning(WarningCode code, String place, String message) {}

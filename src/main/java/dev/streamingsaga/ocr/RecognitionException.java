package dev.streamingsaga.ocr;

import java.io.IOException;

/** Tesseract failed on an image; the message says why, without content of the document. */
public final class RecognitionException extends IOException {
    private static final long serialVersionUID = 1;

    RecognitionException(String message) {
        super(message);
    }
}

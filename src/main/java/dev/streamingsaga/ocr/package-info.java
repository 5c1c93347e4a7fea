/** Recognises text in images with tesseract, a program of its own. */
@Internal
@NullMarked
package dev.streamingsaga.ocr;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;

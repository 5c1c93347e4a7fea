/** Recognises text in images with the external program tesseract. */
@Internal
@NullMarked
package dev.streamingsaga.ocr;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;

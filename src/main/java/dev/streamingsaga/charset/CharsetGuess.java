package dev.streamingsaga.charset;

import java.nio.charset.Charset;

/**
 * The charset of a text file.
 *
 * @param certain false if the file does not name its charset and its bytes fit others, too
 */
public record CharsetGuess(Charset charset, boolean certain) {}

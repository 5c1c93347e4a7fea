package dev.streamingsaga.content;

/**
 * A piece of extracted text that gets one embedding.
 *
 * @param page from 1; documents without pages have one
 * @param ordinal from 0, in reading order over the whole document
 */
public record Segment(int page, int ordinal, String text) {}

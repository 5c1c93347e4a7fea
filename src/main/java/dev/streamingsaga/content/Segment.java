package dev.streamingsaga.content;

/**
 * A piece of extracted text that gets one embedding.
 *
 * @param page from 1; a document without pages has one page
 * @param ordinal from 0, in reading order over the whole document
 */
public record Segment(int page, int ordinal, String text) {}

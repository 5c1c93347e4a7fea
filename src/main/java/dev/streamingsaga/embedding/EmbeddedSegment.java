package dev.streamingsaga.embedding;

/** A segment and its vector, of the model's dimension and unit length. */
public record EmbeddedSegment(Segment segment, float[] vector) {}

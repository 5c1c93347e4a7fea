package dev.streamingsaga.config;

/** Name and version of this program, for people and in receipts. */
public final class Product {
    public static final String NAME = "Streaming Saga";
    public static final String VERSION = "0.1.0";

    private Product() {}
}

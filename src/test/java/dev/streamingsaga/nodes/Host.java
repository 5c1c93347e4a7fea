package dev.streamingsaga.nodes;

import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Where a node runs.
 *
 * @param address under which servers and clients reach it
 * @param data its data directory, as the node sees it
 * @param disk the same directory, as the test sees it
 * @param within wraps a command so that it runs on this host; the process id stays the same
 */
record Host(String address, Path data, Path disk, UnaryOperator<List<String>> within) {}

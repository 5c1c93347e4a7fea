/**
 * Several nodes as processes on real servers, each with a disk of its own. Nodes are killed and servers restarted while
 * documents arrive; afterwards the databases and the bucket are asked, not the application.
 */
@org.jspecify.annotations.NullMarked
package dev.streamingsaga.nodes;

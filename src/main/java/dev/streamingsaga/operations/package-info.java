/**
 * What operators and programs can do: ingest, list, status, outcome, pause, resume, cancel, clean-ups, orphans, verify,
 * search, fetch, drain. The command line, the HTTP API and hubs call it; none of them uses the journal or the saga
 * engine.
 */
@NullMarked
package dev.streamingsaga.operations;

import org.jspecify.annotations.NullMarked;

package dev.streamingsaga.api;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.observe.Observation;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.store.VectorSearch;
import java.util.Optional;

/** The parts of the bundle that the HTTP API uses. */
public record ApiDependencies(
        SagaConfig config,
        Journal journal,
        Runs runs,
        Ingest ingest,
        SagaEngine engine,
        ChunkStore chunks,
        Optional<VectorSearch> search,
        Observation observation) {}

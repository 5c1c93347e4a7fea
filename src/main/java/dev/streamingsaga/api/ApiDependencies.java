package dev.streamingsaga.api;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.observe.Observation;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.upload.Uploads;

/** The parts of the bundle that the HTTP API uses. */
public record ApiDependencies(
        SagaConfig config, SagaOperator operator, UploadSpool spool, Uploads uploads, Observation observation) {}

package dev.streamingsaga.observe;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.util.List;
import java.util.regex.Pattern;

/** Samples a share of all traces, except those that only read: pages, metrics and queries of stores. */
record SagaSampler(Sampler share) implements Sampler {
    private static final Pattern READ_ONLY =
            Pattern.compile("(GET|HEAD|OPTIONS)( .*)?|.+-store-.+-(count|sagas|inspect)");

    /** @param share 0 to 1; a span follows the decision for the root span of its trace */
    static Sampler of(double share) {
        return Sampler.parentBased(new SagaSampler(Sampler.traceIdRatioBased(share)));
    }

    @Override
    public SamplingResult shouldSample(
            Context parent, String traceId, String name, SpanKind kind, Attributes attributes, List<LinkData> links) {
        return READ_ONLY.matcher(name).matches()
                ? SamplingResult.drop()
                : share.shouldSample(parent, traceId, name, kind, attributes, links);
    }

    @Override
    public String getDescription() {
        return "sagas, " + share.getDescription();
    }
}

package dev.streamingsaga.observe;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.util.List;
import java.util.regex.Pattern;

/** A share of all traces, without those of mere questions: pages and figures read, stores asked what they hold. */
record SagaSampler(Sampler share) implements Sampler {
    private static final Pattern QUESTION = Pattern.compile("GET|HEAD|OPTIONS|.+-store-.+-(count|sagas|inspect)");

    /** @param share 0 to 1; what belongs to a trace is in it or not as its first span is */
    static Sampler of(double share) {
        return Sampler.parentBased(new SagaSampler(Sampler.traceIdRatioBased(share)));
    }

    @Override
    public SamplingResult shouldSample(
            Context parent, String traceId, String name, SpanKind kind, Attributes attributes, List<LinkData> links) {
        return QUESTION.matcher(name).matches()
                ? SamplingResult.drop()
                : share.shouldSample(parent, traceId, name, kind, attributes, links);
    }

    @Override
    public String getDescription() {
        return "sagas, " + share.getDescription();
    }
}

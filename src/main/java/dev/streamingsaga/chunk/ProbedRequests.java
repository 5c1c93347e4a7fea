package dev.streamingsaga.chunk;

import dev.streamingsaga.probe.SideEffectProbe;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;

/** Tells a probe of every request of a client. Only used where there is a probe. */
record ProbedRequests(SideEffectProbe probe) implements ExecutionInterceptor {
    private static final String KIND = "s3";

    @Override
    public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
        probe.before(KIND, what(context.request(), attributes));
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        probe.after(KIND, what(context.request(), attributes));
    }

    @Override
    public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
        probe.after(KIND, what(context.request(), attributes));
    }

    private static String what(SdkRequest request, ExecutionAttributes attributes) {
        String target = request.getValueForField("Key", String.class)
                .or(() -> request.getValueForField("Prefix", String.class))
                .or(() -> request.getValueForField("Bucket", String.class))
                .orElse("");
        return attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME) + " " + target;
    }
}

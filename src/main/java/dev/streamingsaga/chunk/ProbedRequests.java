package dev.streamingsaga.chunk;

import dev.streamingsaga.probe.SideEffectProbe;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;

/** Reports every request of a client to a probe. Only installed if there is a probe. */
record ProbedRequests(SideEffectProbe probe) implements ExecutionInterceptor {
    private static final String KIND = "s3";

    @Override
    public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
        probe.before(KIND, describe(context.request(), attributes));
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        probe.after(KIND, describe(context.request(), attributes));
    }

    @Override
    public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
        probe.after(KIND, describe(context.request(), attributes));
    }

    private static String describe(SdkRequest request, ExecutionAttributes attributes) {
        String target = request.getValueForField("Key", String.class)
                .or(() -> request.getValueForField("Prefix", String.class))
                .or(() -> request.getValueForField("Bucket", String.class))
                .orElse("");
        return attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME) + " " + target;
    }
}

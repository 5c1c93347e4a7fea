package dev.streamingsaga.embedding;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs a sentence model in ONNX format in this process. Uses the output {@code sentence_embedding} if the model has
 * one, else the mean over the tokens of its first output.
 *
 * <p>Each inference takes one text and one thread, with as many in parallel as there are cores. Measured twice as fast
 * as batches of 32 for the quantized models. These also scale their values over the whole batch, so that the vector of
 * a text would depend on the other texts.
 */
final class OnnxEmbedder implements Embedder {
    private static final String POOLED = "sentence_embedding";
    private static final long STOP_SECONDS = 30;

    private final String modelId;
    private final HuggingFaceTokenCounter tokens;
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final String output;
    private final int dimension;
    private final ExecutorService inferences;

    private OnnxEmbedder(String modelId, HuggingFaceTokenCounter tokens, OrtSession session, int threads)
            throws OrtException {
        this.modelId = modelId;
        this.tokens = tokens;
        this.environment = OrtEnvironment.getEnvironment();
        this.session = session;
        this.output = session.getOutputNames().contains(POOLED)
                ? POOLED
                : session.getOutputNames().iterator().next();
        this.dimension =
                dimension(Objects.requireNonNull(session.getOutputInfo().get(output)));
        AtomicInteger number = new AtomicInteger();
        this.inferences = Executors.newFixedThreadPool(
                threads > 0 ? threads : Runtime.getRuntime().availableProcessors(), task -> {
                    Thread thread = new Thread(task, "saga-embedding-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /** Opens a model, from a file or from memory. */
    interface ModelSource {
        OrtSession open(OrtEnvironment environment, OrtSession.SessionOptions options) throws OrtException;
    }

    /** @param threads number of texts in parallel; 0: one for each core */
    static OnnxEmbedder load(String modelId, ModelSource model, HuggingFaceTokenCounter tokens, int threads) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            return new OnnxEmbedder(modelId, tokens, model.open(OrtEnvironment.getEnvironment(), options), threads);
        } catch (OrtException e) {
            tokens.close();
            throw new IllegalStateException("cannot open the embedding model " + modelId, e);
        }
    }

    private static int dimension(NodeInfo output) {
        long[] shape = ((TensorInfo) output.getInfo()).getShape();
        return (int) shape[shape.length - 1];
    }

    @Override
    public String modelId() {
        return modelId;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    @Override
    public int maxTokens() {
        return tokens.max();
    }

    @Override
    public int countTokens(String text) {
        return tokens.count(text);
    }

    @Override
    public float[] embedQuery(String text) {
        return embed(List.of(text)).get(0);
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        List<Callable<float[]>> tasks = new ArrayList<>();
        for (String text : texts) {
            long[] ids = tokens.ids(text);
            if (ids.length > maxTokens()) {
                throw new IllegalArgumentException("a text of %d tokens is too long for model %s, which takes %d"
                        .formatted(ids.length, modelId, maxTokens()));
            }
            tasks.add(() -> infer(ids));
        }
        try {
            List<float[]> vectors = new ArrayList<>();
            for (Future<float[]> vector : inferences.invokeAll(tasks)) {
                vectors.add(vector.get());
            }
            return vectors;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SagaException(Reason.CANCELLED, "embedding was interrupted", e);
        } catch (ExecutionException e) {
            throw new SagaException(
                    Reason.STORE_FAILED, "model %s failed to embed a text".formatted(modelId), e.getCause());
        }
    }

    private float[] infer(long[] ids) throws OrtException {
        long[] shape = {1, ids.length};
        long[] mask = new long[ids.length];
        Arrays.fill(mask, 1);
        try (OnnxTensor idsTensor = OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape);
                OnnxTensor maskTensor = OnnxTensor.createTensor(environment, LongBuffer.wrap(mask), shape);
                OnnxTensor typesTensor = OnnxTensor.createTensor(environment, LongBuffer.allocate(ids.length), shape)) {
            Map<String, OnnxTensor> inputs = new HashMap<>(
                    Map.of("input_ids", idsTensor, "attention_mask", maskTensor, "token_type_ids", typesTensor));
            inputs.keySet().retainAll(session.getInputNames());
            try (OrtSession.Result result = session.run(inputs, Set.of(output))) {
                return Vectors.normalize(sum(((OnnxTensor) result.get(0)).getFloatBuffer()));
            }
        }
    }

    /**
     * A pooled output has one row. No row is padding, since each text is processed alone; normalization turns the sum
     * into a mean.
     */
    private float[] sum(FloatBuffer rows) {
        float[] sum = new float[dimension];
        float[] row = new float[dimension];
        while (rows.hasRemaining()) {
            rows.get(row);
            for (int i = 0; i < dimension; i++) {
                sum[i] += row[i];
            }
        }
        return sum;
    }

    @Override
    public void close() {
        inferences.shutdown();
        try {
            if (inferences.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                session.close();
                tokens.close();
            } // else leak the memory rather than free it during an inference
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (OrtException e) {
            throw new IllegalStateException("cannot close model " + modelId, e);
        }
    }
}

package dev.streamingsaga.bench;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The baseline of the text benchmark: the built-in model, called as its libraries document it, with one inference for
 * each core. Nothing is read, split or stored.
 */
final class BareModel implements AutoCloseable {
    private static final String MODEL = "all-minilm-l6-v2-q";

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final HuggingFaceTokenizer tokenizer;
    private final OrtSession session;
    private final int threads = Runtime.getRuntime().availableProcessors();
    private final ExecutorService inferences = Executors.newFixedThreadPool(threads);

    BareModel() throws IOException, OrtException {
        try (InputStream model = resource(MODEL + ".onnx");
                InputStream json = resource(MODEL + "-tokenizer.json");
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            tokenizer = HuggingFaceTokenizer.newInstance(json, Map.of());
            session = environment.createSession(model.readAllBytes(), options);
        }
    }

    private static InputStream resource(String name) {
        return Objects.requireNonNull(BareModel.class.getClassLoader().getResourceAsStream(name), name);
    }

    void embed(List<String> texts) throws IOException {
        List<Future<float[]>> vectors = texts.stream()
                .map(text -> inferences.submit(() -> vector(text)))
                .toList();
        try {
            for (Future<float[]> vector : vectors) {
                vector.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException("the model failed", e.getCause());
        }
    }

    private float[] vector(String text) throws OrtException {
        Encoding encoding = tokenizer.encode(text);
        try (OnnxTensor ids = OnnxTensor.createTensor(environment, new long[][] {encoding.getIds()});
                OnnxTensor mask = OnnxTensor.createTensor(environment, new long[][] {encoding.getAttentionMask()});
                OnnxTensor types = OnnxTensor.createTensor(environment, new long[][] {encoding.getTypeIds()});
                OrtSession.Result result =
                        session.run(Map.of("input_ids", ids, "attention_mask", mask, "token_type_ids", types))) {
            return mean(((float[][][]) result.get(0).getValue())[0]);
        }
    }

    private static float[] mean(float[][] rows) {
        float[] mean = new float[rows[0].length];
        for (float[] row : rows) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += row[i] / rows.length;
            }
        }
        return mean;
    }

    @Override
    public void close() throws OrtException {
        inferences.shutdownNow();
        session.close();
        tokenizer.close();
    }
}

package dev.streamingsaga.chunk;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.BucketLocation;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The mark {@code <prefix>/.owner.json}: which journal, by its epoch, the objects below the prefix belong to. It is
 * written with the first document that completes and never changed: a journal that was lost and made anew does not take
 * the former one's objects for its own. Thread-safe.
 */
public final class BucketOwner {
    public static final String NAME = ".owner.json";

    private static final Logger LOG = LoggerFactory.getLogger(BucketOwner.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_BYTES = 4096;
    private static final int PRECONDITION_FAILED = 412;
    private static final int CONFLICT = 409;

    private final S3Client s3;
    private final Bucket bucket;
    private final String key;
    private volatile boolean settled;

    public BucketOwner(SagaConfig config, S3Client s3) {
        this(s3, new BucketLocation(config.s3().bucket(), config.chunk().prefix()));
    }

    public BucketOwner(S3Client s3, BucketLocation place) {
        this.s3 = s3;
        this.bucket = new Bucket(s3, place.bucket());
        this.key = place.prefix() + "/" + NAME;
    }

    /**
     * The epoch of the journal that owns the bucket; empty if it has no mark.
     *
     * @throws SagaException METADATA_CORRUPT if the mark can't be understood
     */
    public Optional<String> epoch() {
        try (ResponseInputStream<GetObjectResponse> mark = bucket.open(key)) {
            String epoch =
                    JSON.readTree(mark.readNBytes(MAX_BYTES)).path("epoch").asText("");
            if (epoch.isEmpty()) {
                throw unreadable(null);
            }
            return Optional.of(epoch);
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        } catch (JsonProcessingException e) {
            throw unreadable(e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + key + " from bucket " + bucket.name(), e);
        }
    }

    private SagaException unreadable(@org.jspecify.annotations.Nullable Exception cause) {
        return new SagaException(
                Reason.METADATA_CORRUPT,
                key + " in bucket " + bucket.name() + " names no journal;"
                        + " nothing is deleted below it until it is put right or removed",
                cause);
    }

    /**
     * Marks the bucket unless it is marked; of two journals that try, one wins. Asked once, later calls cost nothing.
     *
     * @param epoch of the journal; empty: does nothing
     * @return whether the bucket is that journal's now
     */
    public boolean claim(String epoch) {
        if (settled || epoch.isEmpty()) {
            return settled;
        }
        Optional<String> owner = epoch();
        if (owner.isEmpty()) {
            mark(epoch);
            owner = epoch();
        }
        settled = owner.filter(epoch::equals).isPresent();
        if (!settled) {
            LOG.warn(
                    "bucket {} names journal {} as the owner of {}, ours is {}: was our journal lost, or do two share a prefix?"
                            + " Nothing is deleted as an orphan here",
                    bucket.name(),
                    owner.orElse("none"),
                    key,
                    epoch);
        }
        return settled;
    }

    private void mark(String epoch) {
        try {
            byte[] json = JSON.writeValueAsBytes(Map.of("epoch", epoch));
            s3.putObject(
                    request -> request.bucket(bucket.name())
                            .key(key)
                            .contentType("application/json")
                            .ifNoneMatch("*"),
                    RequestBody.fromBytes(json));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of text is always writable as JSON", e);
        } catch (S3Exception e) {
            if (e.statusCode() != PRECONDITION_FAILED && e.statusCode() != CONFLICT) {
                throw e;
            }
        }
    }
}

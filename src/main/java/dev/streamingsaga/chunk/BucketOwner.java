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
 * The owner object {@code <prefix>/.owner.json}: the epoch of the journal that owns the objects below the prefix. It is
 * written with the first completed document and never changed, so that a recreated journal does not treat the objects
 * of the lost one as its own. Thread-safe.
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
    private volatile boolean owned;

    public BucketOwner(SagaConfig config, S3Client s3) {
        this(
                s3,
                new BucketLocation(
                        config.servers().s3().bucket(),
                        config.documents().chunk().prefix()));
    }

    public BucketOwner(S3Client s3, BucketLocation location) {
        this.s3 = s3;
        this.bucket = new Bucket(s3, location.bucket());
        this.key = location.prefix() + "/" + NAME;
    }

    /**
     * The epoch of the journal that owns the bucket; empty if there is no owner object.
     *
     * @throws SagaException METADATA_CORRUPT if the owner object is not valid
     */
    public Optional<String> epoch() {
        try (ResponseInputStream<GetObjectResponse> ownerObject = bucket.open(key)) {
            String epoch = JSON.readTree(ownerObject.readNBytes(MAX_BYTES))
                    .path("epoch")
                    .asText("");
            if (epoch.isEmpty()) {
                throw invalid(null);
            }
            return Optional.of(epoch);
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        } catch (JsonProcessingException e) {
            throw invalid(e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + key + " from bucket " + bucket.name(), e);
        }
    }

    private SagaException invalid(@org.jspecify.annotations.Nullable Exception cause) {
        return new SagaException(
                Reason.METADATA_CORRUPT,
                key + " in bucket " + bucket.name() + " does not name a journal;"
                        + " nothing is deleted below its prefix until you fix or delete it",
                cause);
    }

    /**
     * Claims the bucket unless it has an owner; if two journals try at once, one wins. The result is cached.
     *
     * @param epoch the epoch of the journal; does nothing if empty
     * @return whether that journal owns the bucket
     */
    public boolean claim(String epoch) {
        if (owned || epoch.isEmpty()) {
            return owned;
        }
        Optional<String> owner = epoch();
        if (owner.isEmpty()) {
            write(epoch);
            owner = epoch();
        }
        owned = owner.filter(epoch::equals).isPresent();
        if (!owned) {
            LOG.warn(
                    "bucket {} names journal {} as the owner in {}, but this journal is {}: was the journal lost,"
                            + " or do two share a prefix? Orphans in this bucket are not deleted",
                    bucket.name(),
                    owner.orElse("none"),
                    key,
                    epoch);
        }
        return owned;
    }

    private void write(String epoch) {
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

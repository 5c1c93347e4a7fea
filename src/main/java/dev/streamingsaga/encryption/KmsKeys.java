package dev.streamingsaga.encryption;

import dev.streamingsaga.config.EncryptionConfig.Kms;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.KmsClientBuilder;
import software.amazon.awssdk.services.kms.model.DecryptResponse;
import software.amazon.awssdk.services.kms.model.DisabledException;
import software.amazon.awssdk.services.kms.model.EncryptResponse;
import software.amazon.awssdk.services.kms.model.IncorrectKeyException;
import software.amazon.awssdk.services.kms.model.InvalidCiphertextException;
import software.amazon.awssdk.services.kms.model.KmsException;
import software.amazon.awssdk.services.kms.model.KmsInvalidStateException;
import software.amazon.awssdk.services.kms.model.NotFoundException;

/**
 * Keys of AWS KMS. They never leave it: KMS wraps and unwraps, with saga and document as encryption context. One
 * attempt for each call, ended after {@code saga.encryption.kms.timeout}; the saga tries again, and journals that it
 * waits.
 */
final class KmsKeys implements KeyEncryption {
    /** Answers of KMS that have a status below 500. */
    private static final Set<String> TRANSIENT =
            Set.of("ThrottlingException", "LimitExceededException", "RequestTimeoutException");

    private final Kms settings;
    private final KmsClient client;

    /** The ARN that an id or alias stood for in the last answer; an alias may be pointed at another key meanwhile. */
    private volatile Optional<String> currentArn = Optional.empty();

    private KmsKeys(Kms settings, KmsClient client) {
        this.settings = settings;
        this.client = client;
    }

    static KeyEncryption open(Kms settings) {
        KmsClientBuilder client = KmsClient.builder()
                .region(Region.of(settings.region()))
                .credentialsProvider(credentials(settings))
                .overrideConfiguration(
                        override -> override.retryStrategy(retry()).apiCallTimeout(settings.timeout()))
                .httpClientBuilder(ApacheHttpClient.builder()
                        .connectionTimeout(settings.timeout())
                        .connectionAcquisitionTimeout(settings.timeout())
                        .socketTimeout(settings.timeout()));
        settings.endpoint().ifPresent(client::endpointOverride);
        return new KmsKeys(settings, client.build());
    }

    /** A second attempt in the same call: a server may have closed an idle connection. */
    private static RetryStrategy retry() {
        return AwsRetryStrategy.standardRetryStrategy().toBuilder()
                .maxAttempts(2)
                .build();
    }

    private static AwsCredentialsProvider credentials(Kms settings) {
        return settings.accessKey().isEmpty()
                ? DefaultCredentialsProvider.builder().build()
                : StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(settings.accessKey(), settings.secretKey()));
    }

    /** Asks KMS each time: which key an alias stands for may change. */
    @Override
    public String currentKeyId() {
        return wrap(new DataKey(new byte[DataKey.BYTES]), new KeyOwner("trial", "trial"))
                .keyId();
    }

    @Override
    public boolean holds(String keyId) {
        return isNamed(settings.key(), keyId)
                || currentArn.filter(keyId::equals).isPresent()
                || settings.previousKeys().stream().anyMatch(key -> isNamed(key, keyId));
    }

    private static boolean isNamed(String setting, String arn) {
        return !setting.isEmpty() && (arn.equals(setting) || arn.endsWith(":key/" + setting));
    }

    @Override
    public DataKey.Wrapped wrap(DataKey key, KeyOwner owner) {
        EncryptResponse answer = call(
                settings.key(),
                owner,
                () -> client.encrypt(request -> request.keyId(settings.key())
                        .plaintext(SdkBytes.fromByteArray(key.bytes()))
                        .encryptionContext(owner.encryptionContext())));
        currentArn = Optional.of(answer.keyId());
        return new DataKey.Wrapped(answer.keyId(), answer.ciphertextBlob().asByteArray());
    }

    @Override
    public DataKey unwrap(DataKey.Wrapped wrapped, KeyOwner owner) {
        String keyId = wrapped.keyId();
        DecryptResponse answer = call(
                keyId,
                owner,
                () -> client.decrypt(request -> request.keyId(keyId)
                        .ciphertextBlob(SdkBytes.fromByteArray(wrapped.bytes()))
                        .encryptionContext(owner.encryptionContext())));
        try {
            return new DataKey(answer.plaintext().asByteArray());
        } catch (IllegalArgumentException e) {
            throw new WrongKeyException(keyId, owner, e);
        }
    }

    private <T> T call(String keyId, KeyOwner owner, Supplier<T> request) {
        try {
            return request.get();
        } catch (KmsException e) {
            throw failure(keyId, owner, e);
        } catch (SdkClientException e) {
            throw isTransient(e)
                    ? new KeyServiceUnavailableException(firstLine(e), e)
                    : new KeyRefusedException(keyId, firstLine(e), e);
        }
    }

    private static KeyException failure(String keyId, KeyOwner owner, KmsException e) {
        if (e instanceof NotFoundException) {
            return new UnknownKeyException(keyId, e);
        }
        if (e instanceof InvalidCiphertextException || e instanceof IncorrectKeyException) {
            return new WrongKeyException(keyId, owner, e);
        }
        if (e instanceof DisabledException || e instanceof KmsInvalidStateException) {
            return new KeyRefusedException(keyId, firstLine(e), e);
        }
        String code = e.awsErrorDetails() == null
                ? ""
                : String.valueOf(e.awsErrorDetails().errorCode());
        return e.statusCode() >= 500 || e.statusCode() == 429 || e.isThrottlingException() || TRANSIENT.contains(code)
                ? new KeyServiceUnavailableException(firstLine(e), e)
                : new KeyRefusedException(keyId, firstLine(e), e);
    }

    /** Without credentials the SDK throws an exception of the same class, which nobody but an operator can help. */
    private static boolean isTransient(SdkClientException e) {
        return e instanceof ApiCallTimeoutException
                || e instanceof ApiCallAttemptTimeoutException
                || e.retryable()
                || e.getCause() instanceof IOException;
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    @Override
    public void close() {
        client.close();
    }
}

package dev.streamingsaga.encryption;

import dev.streamingsaga.config.ConfigException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The keys of all configured providers: one wraps, all unwrap. */
final class KeyRing implements KeyEncryption {
    private static final KeyOwner TRIAL = new KeyOwner("trial", "trial");

    private final Optional<KeyEncryption> current;
    private final List<KeyEncryption> all;

    /**
     * @param current empty: no key wraps
     * @param others only unwrap
     */
    KeyRing(Optional<KeyEncryption> current, List<KeyEncryption> others) {
        this.current = current;
        this.all = Stream.concat(current.stream(), others.stream()).toList();
    }

    boolean canWrap() {
        return current.isPresent();
    }

    private KeyEncryption current() {
        return current.orElseThrow(() -> ConfigException.of(
                "saga.encryption.provider is none: choose the provider whose key wraps the keys of documents"));
    }

    /** @throws ConfigException if no key wraps */
    @Override
    public String currentKeyId() {
        return current().currentKeyId();
    }

    @Override
    public boolean holds(String keyId) {
        return all.stream().anyMatch(provider -> provider.holds(keyId));
    }

    /** @throws ConfigException if no key wraps */
    @Override
    public DataKey.Wrapped wrap(DataKey key, KeyOwner owner) {
        return current().wrap(key, owner);
    }

    @Override
    public DataKey unwrap(DataKey.Wrapped wrapped, KeyOwner owner) {
        return all.stream()
                .filter(provider -> provider.holds(wrapped.keyId()))
                .findFirst()
                .orElseThrow(() -> new UnknownKeyException(wrapped.keyId(), null))
                .unwrap(wrapped, owner);
    }

    /**
     * Wraps and unwraps a key that is used for nothing else. Returns the id of the current key; empty if none wraps.
     */
    Optional<String> tryCurrentKey() {
        if (current.isEmpty()) {
            return Optional.empty();
        }
        DataKey key = new DataKey(new byte[DataKey.BYTES]);
        DataKey.Wrapped wrapped = wrap(key, TRIAL);
        if (!unwrap(wrapped, TRIAL).equals(key)) {
            throw new WrongKeyException(wrapped.keyId(), TRIAL, null);
        }
        return Optional.of(wrapped.keyId());
    }

    @Override
    public void close() {
        all.forEach(KeyEncryption::close);
    }
}

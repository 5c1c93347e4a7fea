package dev.streamingsaga.api;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.Classification;
import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.digest.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * API keys in a file, one per line: {@code name:scope[,scope]:sha256[:owners=NAME[,NAME]][:max-classification=WORD]}. A
 * key has 256 random bits, so a plain SHA-256 is a safe hash. A changed file is loaded at the next request. If it is
 * invalid, the previous keys stay in use and a warning is logged.
 */
@PublicApi
public final class ApiKeys {
    static final String PREFIX = "sk_";

    private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
    private static final int KEY_BYTES = 32;
    private static final String NAME = "[A-Za-z0-9._-]{1,64}";
    private static final String LINE =
            NAME + ":[a-z]+(,[a-z]+)*:[0-9a-f]{64}(:owners=[^:]+)?(:max-classification=[a-z]+)?";
    private static final String OWNERS = "owners=";
    private static final String MAX = "max-classification=";

    private final Path file;
    private volatile ApiKeys.LoadedKeys state;

    private record StoredKey(Caller caller, byte[] hash) {}

    private record LoadedKeys(List<StoredKey> keys, FileTime modified, long size) {}

    private ApiKeys(Path file) {
        this.file = file;
        this.state = read(file);
    }

    /** @throws ConfigException if the file is missing, accessible to other users, or has an invalid line */
    static ApiKeys open(Path file) {
        return new ApiKeys(file);
    }

    Optional<Caller> find(String secret) {
        refresh();
        byte[] hash = hash(secret);
        Optional<Caller> found = Optional.empty();
        for (StoredKey key : state.keys()) {
            if (MessageDigest.isEqual(key.hash(), hash)) {
                found = Optional.of(key.caller());
            }
        }
        return found;
    }

    /** Whether a key has this name. Call it after {@link #find}, which reloads the file. */
    boolean hasName(String name) {
        return state.keys().stream().anyMatch(key -> key.caller().name().equals(name));
    }

    private void refresh() {
        ApiKeys.LoadedKeys current = state;
        try {
            if (!Files.getLastModifiedTime(file).equals(current.modified()) || Files.size(file) != current.size()) {
                state = read(file);
            }
        } catch (IOException | ConfigException e) {
            LOG.warn("cannot reload the API keys ({}); the previous keys stay valid", e.getMessage());
        }
    }

    private static ApiKeys.LoadedKeys read(Path file) {
        try {
            requirePrivate(file);
            FileTime modified = Files.getLastModifiedTime(file);
            long size = Files.size(file);
            List<StoredKey> keys = new ArrayList<>();
            int number = 0;
            for (String line : Files.readAllLines(file)) {
                number++;
                if (!line.isBlank() && !line.startsWith("#")) {
                    keys.add(key(line.strip(), file + " line " + number));
                }
            }
            return new ApiKeys.LoadedKeys(List.copyOf(keys), modified, size);
        } catch (IOException e) {
            throw ConfigException.of("saga.http.keys-file " + file + " cannot be read: " + e
                    + "; create it with: saga key NAME --scope ingest");
        }
    }

    private static void requirePrivate(Path file) throws IOException {
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            Set<PosixFilePermission> all = Files.getPosixFilePermissions(file);
            if (all.stream().anyMatch(p -> !p.name().startsWith("OWNER_"))) {
                throw ConfigException.of("saga.http.keys-file " + file + " is accessible to other users ("
                        + PosixFilePermissions.toString(all) + "); run chmod 600 on it");
            }
        }
    }

    private static StoredKey key(String line, String where) {
        String[] parts = line.split(":");
        if (!line.matches(LINE)) {
            throw ConfigException.of("saga.http.keys-file " + where + " is not"
                    + " name:scope[,scope]:sha256[:owners=NAME[,NAME]][:max-classification=WORD]");
        }
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (String word : parts[1].split(",")) {
            scopes.add(Scope.of(word)
                    .orElseThrow(() -> ConfigException.of("saga.http.keys-file " + where + " has the unknown scope "
                            + word + "; valid are ingest, read and operate")));
        }
        return new StoredKey(
                new Caller(parts[0], scopes, Actor.key(parts[0]), limit(parts, where)),
                HexFormat.of().parseHex(parts[2]));
    }

    private static AccessLimit limit(String[] parts, String where) {
        AccessLimit limit = AccessLimit.NONE;
        for (String part : List.of(parts).subList(3, parts.length)) {
            try {
                limit = part.startsWith(OWNERS)
                        ? AccessLimit.ofOwners(
                                Set.of(part.substring(OWNERS.length()).split(",")), limit.max())
                        : new AccessLimit(
                                limit.owners(),
                                Classification.of(part.substring(MAX.length()))
                                        .orElseThrow(() -> new IllegalArgumentException("valid classifications are "
                                                + String.join(", ", Classification.words()))));
            } catch (IllegalArgumentException e) {
                throw ConfigException.of(
                        "saga.http.keys-file " + where + " has an invalid limit " + part + ": " + e.getMessage());
            }
        }
        return limit;
    }

    private static String text(AccessLimit limit) {
        return limit.owners()
                        .map(owners -> ":" + OWNERS + owners.stream().sorted().collect(Collectors.joining(",")))
                        .orElse("")
                + (limit.max() == Classification.RESTRICTED
                        ? ""
                        : ":" + MAX + limit.max().word());
    }

    /** As {@link #create(Path, String, Collection, AccessLimit)}, for all documents. */
    public static String create(Path file, String name, Collection<String> scopes) throws IOException {
        return create(file, name, scopes, AccessLimit.NONE);
    }

    /**
     * Creates a key and adds its hash to the file. Creates the file if it is missing, accessible to its owner only.
     *
     * @param limit documents that exist for its user
     * @return the key, which is not stored anywhere
     * @throws IllegalArgumentException if the name or a scope is invalid, or the name is taken
     */
    public static String create(Path file, String name, Collection<String> scopes, AccessLimit limit)
            throws IOException {
        if (!name.matches(NAME)) {
            throw new IllegalArgumentException(
                    "the name of a key must have 1 to 64 characters: letters, digits, ., _ and -");
        }
        for (String scope : scopes) {
            if (Scope.of(scope).isEmpty()) {
                throw new IllegalArgumentException("unknown scope " + scope + "; valid are ingest, read and operate");
            }
        }
        if (Files.exists(file)) {
            if (read(file).keys().stream().anyMatch(key -> key.caller().name().equals(name))) {
                throw new IllegalArgumentException(
                        file + " already has a key named " + name + "; remove its line first");
            }
        } else {
            Path folder = file.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            Files.createFile(file, Permissions.ofFile());
        }
        byte[] random = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(random);
        String key = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        String line = name + ":" + scopes.stream().distinct().collect(Collectors.joining(",")) + ":" + Sha256.of(key)
                + text(limit) + "\n";
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            out.write(ByteBuffer.wrap((lineEnd(file) + line).getBytes(StandardCharsets.UTF_8)));
            out.force(true);
        }
        return key;
    }

    /** What ends the last line of the file: nothing if that has a line end already. */
    private static String lineEnd(Path file) throws IOException {
        String text = Files.readString(file);
        return text.isEmpty() || text.endsWith("\n") ? "" : "\n";
    }

    private static byte[] hash(String secret) {
        return Sha256.digest().digest(secret.getBytes(StandardCharsets.UTF_8));
    }
}

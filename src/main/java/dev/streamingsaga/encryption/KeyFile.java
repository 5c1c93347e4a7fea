package dev.streamingsaga.encryption;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file of key encryption keys, as {@code docs/keys.md} describes it: JSON, mode 600, several keys, one of them
 * current. Only its owner may read it or replace it. Every change replaces the file atomically.
 */
public final class KeyFile {
    static final String FORMAT = "streaming-saga-keys/1";
    private static final String ALGORITHM = "AES-256-GCM";
    private static final String ID = "[A-Za-z0-9._-]{1,64}";
    private static final int ID_RANDOM_BYTES = 4;
    private static final long MAX_BYTES = 1_000_000;
    private static final SecureRandom RANDOM = new SecureRandom();

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            // An error must not quote the file, which has the keys.
            .disable(com.fasterxml.jackson.core.StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .build();

    private final Path file;

    public KeyFile(Path file) {
        this.file = file.toAbsolutePath().normalize();
    }

    private record Content(
            @JsonProperty("format") String format,
            @JsonProperty("current") String current,
            @JsonProperty("keys") List<Entry> keys) {

        Optional<Entry> find(String id) {
            return keys.stream().filter(entry -> entry.id().equals(id)).findFirst();
        }
    }

    private record Entry(
            @JsonProperty("id") String id,
            @JsonProperty("algorithm") String algorithm,
            @JsonProperty("created") String created,
            @JsonProperty("key") String key) {

        @Override
        public String toString() {
            return "Entry[" + id + ", key hidden]";
        }
    }

    /**
     * A key, without its secret.
     *
     * @param created when, as the file says it
     */
    public record KeyInfo(String id, String created, boolean current) {}

    public Path path() {
        return file;
    }

    /**
     * Creates the file with one key, which is current.
     *
     * @return its id
     * @throws ConfigException if the file exists, or others can write to its folder
     */
    public String create() throws IOException {
        Entry entry = newEntry();
        byte[] content = bytes(new Content(FORMAT, entry.id(), List.of(entry)));
        try {
            Permissions.folder(java.util.Objects.requireNonNull(file.getParent()));
            requireOwnFolder();
            PrivateFile.create(file, content);
        } catch (FileAlreadyExistsException e) {
            throw ConfigException.of(
                    file + " exists already and was not changed: documents may need its keys. Add a key"
                            + " with \"key-encryption add\", or choose another file");
        }
        return entry.id();
    }

    /**
     * Adds a new key.
     *
     * @param makeCurrent whether it wraps from the next start on
     * @return its id
     * @throws ConfigException if the file cannot be used
     */
    public String add(boolean makeCurrent) throws IOException {
        Content content = read();
        Entry entry = newEntry();
        List<Entry> keys = new ArrayList<>(content.keys());
        keys.add(entry);
        write(new Content(FORMAT, makeCurrent ? entry.id() : content.current(), keys));
        return entry.id();
    }

    /**
     * Makes a key of the file the one that wraps, from the next start on.
     *
     * @throws ConfigException if the file has no such key
     */
    public void use(String id) throws IOException {
        Content content = read();
        require(content, id);
        write(new Content(FORMAT, id, content.keys()));
    }

    /**
     * Removes a key for good. The caller has made sure that no document needs it.
     *
     * @throws ConfigException if the file has no such key, or it is the current one
     */
    public void remove(String id) throws IOException {
        Content content = read();
        require(content, id);
        if (content.current().equals(id)) {
            throw ConfigException.of(
                    "the key " + id + " is current; make another one current first with" + " \"key-encryption use\"");
        }
        write(new Content(
                FORMAT,
                content.current(),
                content.keys().stream().filter(entry -> !entry.id().equals(id)).toList()));
    }

    private void require(Content content, String id) {
        if (content.find(id).isEmpty()) {
            throw ConfigException.of(file + " has no key " + id + "; it has "
                    + String.join(", ", content.keys().stream().map(Entry::id).toList()));
        }
    }

    /**
     * The keys, in the order of the file.
     *
     * @throws ConfigException if the file cannot be used
     */
    public List<KeyInfo> list() throws IOException {
        Content content = read();
        return content.keys().stream()
                .map(entry ->
                        new KeyInfo(entry.id(), entry.created(), entry.id().equals(content.current())))
                .toList();
    }

    /** @throws ConfigException if the file is missing, invalid, or others can access it */
    KeyEncryption open() throws IOException {
        Content content = read();
        Map<String, byte[]> keys = new LinkedHashMap<>();
        content.keys().forEach(entry -> keys.put(entry.id(), Base64.getDecoder().decode(entry.key())));
        return new LocalKeys(content.current(), keys);
    }

    private Content read() throws IOException {
        requirePrivate();
        Content content;
        try {
            content = JSON.readValue(file.toFile(), Content.class);
        } catch (JacksonException e) {
            throw invalid("line " + e.getLocation().getLineNr() + " is no JSON of this format");
        }
        problem(content).ifPresent(problem -> {
            throw invalid(problem);
        });
        return content;
    }

    private ConfigException invalid(String problem) {
        return ConfigException.of("the key file " + file + " is invalid: " + problem
                + "; restore it from a backup: without its keys encrypted documents cannot be read");
    }

    private static Optional<String> problem(Content content) {
        if (!content.format().equals(FORMAT)) {
            return Optional.of("its format is \"" + content.format() + "\", not \"" + FORMAT + "\"");
        }
        if (content.find(content.current()).isEmpty()) {
            return Optional.of("it has no key \"" + content.current() + "\", which it names as current");
        }
        if (content.keys().stream().map(Entry::id).distinct().count()
                != content.keys().size()) {
            return Optional.of("two keys have the same id");
        }
        return content.keys().stream().flatMap(KeyFile::problem).findFirst();
    }

    private static Stream<String> problem(Entry entry) {
        if (!entry.id().matches(ID)) {
            return Stream.of("the id of a key must be 1-64 letters, digits, dots, hyphens and underscores");
        }
        if (!entry.algorithm().equals(ALGORITHM)) {
            return Stream.of("the algorithm of the key " + entry.id() + " is not " + ALGORITHM);
        }
        try {
            return Base64.getDecoder().decode(entry.key()).length == LocalKeys.BYTES
                    ? Stream.empty()
                    : Stream.of("the key " + entry.id() + " does not have " + LocalKeys.BYTES + " bytes");
        } catch (IllegalArgumentException e) {
            return Stream.of("the key " + entry.id() + " is not in Base64");
        }
    }

    private void requirePrivate() throws IOException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw invalid("it is larger than " + MAX_BYTES + " bytes");
            }
            if (Permissions.isShared(file)) {
                throw ConfigException.of("other users can access the key file " + file + ": run chmod 600 on it, and"
                        + " consider its keys disclosed: add a new one with \"key-encryption add\", then run"
                        + " rotate-keys");
            }
        } catch (NoSuchFileException e) {
            throw ConfigException.of("the key file " + file + " does not exist; create it with \"key-encryption init\","
                    + " or restore it from a backup if documents are encrypted already");
        }
        requireOwnFolder();
    }

    private void requireOwnFolder() throws IOException {
        Path folder = java.util.Objects.requireNonNull(file.getParent());
        if (Permissions.isReplaceableByOthers(folder)) {
            throw ConfigException.of(
                    "other users can write to the folder " + folder + ", and could replace the key file"
                            + " in it: run chmod go-w on it, or keep the file in another folder");
        }
    }

    private void write(Content content) throws IOException {
        PrivateFile.write(file, bytes(content));
    }

    private static byte[] bytes(Content content) throws IOException {
        return JSON.writeValueAsBytes(content);
    }

    private static Entry newEntry() {
        byte[] key = new byte[LocalKeys.BYTES];
        RANDOM.nextBytes(key);
        byte[] suffix = new byte[ID_RANDOM_BYTES];
        RANDOM.nextBytes(suffix);
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        String id =
                "key-" + now.toString().substring(0, 10) + "-" + HexFormat.of().formatHex(suffix);
        return new Entry(id, ALGORITHM, now.toString(), Base64.getEncoder().encodeToString(key));
    }
}

package dev.streamingsaga.sealing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.DocumentConfig.ChunkCompression;
import dev.streamingsaga.config.DocumentConfig.ChunkEncryption;
import dev.streamingsaga.config.DocumentConfig.StoredAs;
import dev.streamingsaga.config.EncryptionConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.encryption.KeyFile;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start without an optional library: runs in a class loader that does not have it. */
@Tag("unit")
class MissingLibraryTest {
    @TempDir
    Path directory;

    /** Called in the other class loader. */
    public static final class Compress implements Callable<Object> {
        @Override
        public Object call() {
            return Sealing.open(new StoredAs(ChunkCompression.ZSTD, 1, ChunkEncryption.NONE, 0), Optional.empty());
        }
    }

    /** Called in the other class loader. */
    public static final class Encrypt implements Callable<Object> {
        @Override
        public Object call() {
            return Sealing.open(
                    new StoredAs(ChunkCompression.NONE, 1, ChunkEncryption.AES256_GCM, 0), Optional.empty());
        }
    }

    /** Called in the other class loader. */
    public static final class OpenKeys implements Callable<Object> {
        @Override
        public Object call() {
            EncryptionConfig config = Settings.parse(Map.of(
                            "saga.encryption.provider",
                            "key-file",
                            "saga.encryption.key-file",
                            System.getProperty(MissingLibraryTest.class.getName())))
                    .servers()
                    .encryption();
            return DocumentEncryption.inspect(config);
        }
    }

    private static Throwable without(String library, Class<? extends Callable<Object>> action) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!new File(entry).getName().startsWith(library)) {
                urls.add(url(entry));
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Object callable =
                    loader.loadClass(action.getName()).getDeclaredConstructor().newInstance();
            Throwable thrown =
                    catchThrowable(() -> callable.getClass().getMethod("call").invoke(callable));
            assertThat(thrown).isInstanceOf(InvocationTargetException.class);
            return thrown.getCause();
        }
    }

    private static URL url(String entry) throws MalformedURLException {
        return new File(entry).toURI().toURL();
    }

    private static void assertNames(Throwable thrown, String dependency) {
        assertThat(thrown.getClass().getName()).isEqualTo(ConfigException.class.getName());
        assertThat(thrown).hasMessageContaining("missing").hasMessageContaining("add " + dependency);
    }

    @Test
    void compression_names_zstd() throws Exception {
        assertNames(without("zstd-jni", Compress.class), "com.github.luben:zstd-jni");
    }

    @Test
    void encryption_names_tink() throws Exception {
        assertNames(without("tink", Encrypt.class), "com.google.crypto.tink:tink");
    }

    @Test
    void a_key_file_names_tink() throws Exception {
        Path keys = directory.resolve("keys").resolve("keys.json");
        new KeyFile(keys).create();
        System.setProperty(MissingLibraryTest.class.getName(), keys.toString());
        try {
            assertNames(without("tink", OpenKeys.class), "com.google.crypto.tink:tink");
        } finally {
            System.clearProperty(MissingLibraryTest.class.getName());
        }
    }
}

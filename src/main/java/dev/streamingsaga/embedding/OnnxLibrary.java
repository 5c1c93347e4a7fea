package dev.streamingsaga.embedding;

import ai.onnxruntime.OrtEnvironment;
import dev.streamingsaga.datadir.NativeLibraries;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/** Loads the native libraries of the ONNX runtime. */
public final class OnnxLibrary {
    private OnnxLibrary() {}

    public static void load(Path folder) {
        NativeLibraries.load(
                folder, new NativeLibraries.Code("onnxruntime", "onnxruntime.native.path", code()), OnnxLibrary::load);
    }

    /** All libraries, or none on an unsupported system. */
    private static List<URL> code() {
        List<URL> found = Stream.of("onnxruntime", "onnxruntime4j_jni")
                .map(System::mapLibraryName)
                .map(name -> OrtEnvironment.class.getResource("/ai/onnxruntime/native/" + system() + "/" + name))
                .filter(Objects::nonNull)
                .toList();
        return found.size() == 2 ? found : List.of();
    }

    /** The platform name that the runtime uses. */
    private static String system() {
        String name = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String system = name.contains("mac") ? "osx" : name.contains("win") ? "win" : "linux";
        return system + "-"
                + switch (System.getProperty("os.arch", "")) {
                    case "amd64", "x86_64" -> "x64";
                    case "arm64" -> "aarch64";
                    default -> System.getProperty("os.arch", "");
                };
    }

    private static boolean load() {
        OrtEnvironment.getEnvironment();
        try {
            // The runtime creates this directory for libraries that it did not unpack, and deletes it only on a clean
            // exit.
            Field field = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("tempDirectory");
            field.setAccessible(true);
            if (field.get(null) instanceof Path empty) {
                Files.deleteIfExists(empty);
            }
        } catch (ReflectiveOperationException | IOException | RuntimeException e) {
            // An empty directory remains until the JVM exits.
        }
        return true;
    }
}

package dev.streamingsaga.database;

import dev.streamingsaga.datadir.NativeLibraries;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * Loads the native library of SQLite. Used only if a database is SQLite, so that the driver may be absent otherwise.
 */
final class SqliteLibrary {
    private static final String FOLDER = "org.sqlite.lib.path";
    /** Where the driver unpacks the library; if a user sets this property, the driver loads the library itself. */
    private static final String TEMPORARY = "org.sqlite.tmpdir";

    private SqliteLibrary() {}

    static void load(Path dataDir) {
        if (System.getProperty(TEMPORARY) == null) {
            NativeLibraries.load(
                    NativeLibraries.folder(dataDir),
                    new NativeLibraries.Code("sqlite", FOLDER, code()),
                    SqliteLibrary::load);
        }
    }

    private static List<URL> code() {
        String resource = LibraryLoaderUtil.getNativeLibResourcePath() + "/" + LibraryLoaderUtil.getNativeLibName();
        return Stream.ofNullable(SQLiteJDBCLoader.class.getResource(resource)).toList();
    }

    private static boolean load() {
        try {
            return SQLiteJDBCLoader.initialize();
        } catch (Exception e) {
            return false; // the first connection reports the cause
        }
    }
}

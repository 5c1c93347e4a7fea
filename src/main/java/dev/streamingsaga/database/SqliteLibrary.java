package dev.streamingsaga.database;

import dev.streamingsaga.datadir.NativeLibraries;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/** The native code of SQLite. Only used, and loaded, if a database is one of SQLite's, whose driver is then there. */
final class SqliteLibrary {
    private static final String FOLDER = "org.sqlite.lib.path";
    /** Where the driver would unpack it: whoever has set that has decided. */
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
            return false; // the first connection says why
        }
    }
}

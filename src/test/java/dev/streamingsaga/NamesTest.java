package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.StepNames;
import dev.streamingsaga.journal.StoreNames;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps each name of a store, step, exchange key and route suffix in its constants class. */
@Tag("unit")
@Tag("one-jdk")
class NamesTest {
    private static final Path SOURCES = Path.of("src/main/java/dev/streamingsaga");

    /** Command-line words of their own: {@code saga start}, {@code saga verify}. */
    private static final Set<String> COMMANDS = Set.of("cli", "bench");

    @ParameterizedTest
    @ValueSource(classes = {StoreNames.class, StepNames.class, ExchangeKeys.class, RouteNames.class})
    void a_name_is_written_in_its_constants_class_only(Class<?> constants) throws IOException {
        List<String> names = names(constants);

        assertThat(names).isNotEmpty();
        assertThat(sources(constants))
                .allSatisfy(source -> assertThat(Files.readString(source)).doesNotContain(names));
    }

    private static List<Path> sources(Class<?> constants) throws IOException {
        Predicate<Path> isSearched = source -> source.toString().endsWith(".java")
                && !source.getFileName().toString().equals(constants.getSimpleName() + ".java")
                && !(constants == StepNames.class
                        && COMMANDS.contains(
                                SOURCES.relativize(source).getName(0).toString()));
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(isSearched).toList();
        }
    }

    /**
     * The literals, with their quotes. Of the route names those of a store's routes: other words are not distinctive.
     */
    private static List<String> names(Class<?> constants) {
        return Arrays.stream(constants.getDeclaredFields())
                .filter(field -> field.getType() == String.class)
                .map(NamesTest::value)
                .filter(name -> constants != RouteNames.class || name.startsWith("-") || name.endsWith("-"))
                .map(name -> '"' + name + '"')
                .toList();
    }

    private static String value(Field constant) {
        try {
            constant.setAccessible(true);
            return (String) constant.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}

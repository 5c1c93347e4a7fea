package dev.streamingsaga;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.annotation.PublicApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Checks what a hub may use: see "What a hub may call" in {@code docs/hub.md}. */
@ArchTag("unit")
@ArchTag("one-jdk")
@AnalyzeClasses(packages = "dev.streamingsaga", importOptions = ImportOption.DoNotIncludeTests.class)
class PublicApiTest {
    private static final String ROOT = "dev.streamingsaga";
    private static final Pattern TYPE_NAME = Pattern.compile("\\bdev\\.streamingsaga(?:\\.[a-z]+)*(?:\\.[A-Z]\\w*)+");

    private static boolean isPublicApi(JavaClass type) {
        if (!type.getModifiers().contains(JavaModifier.PUBLIC) || type.isAnnotatedWith(Internal.class)) {
            return false;
        }
        return type.getEnclosingClass()
                .map(PublicApiTest::isPublicApi)
                .orElseGet(() -> type.isAnnotatedWith(PublicApi.class)
                        || !type.getPackage().isAnnotatedWith(Internal.class));
    }

    @ArchTest
    static final ArchRule command_line_and_http_use_the_operations_facade = noClasses()
            .that()
            .resideInAnyPackage(ROOT + ".cli..", ROOT + ".api..")
            .should()
            .dependOnClassesThat(describe(
                    "are internal to the saga",
                    type -> Set.of("journal", "saga", "recovery", "chunk", "store", "lra", "ops")
                                    .contains(type.getPackageName().replace(ROOT + ".", ""))
                            && !isPublicApi(type)))
            .because("they call SagaOperator or SagaReader");

    @ArchTest
    static final ArchRule each_package_says_whether_a_hub_may_use_it = classes()
            .that()
            .resideOutsideOfPackages(ROOT, ROOT + ".operations", ROOT + ".annotation", ROOT + ".test")
            .should(new ArchCondition<>("be in a package with @Internal") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    events.add(new SimpleConditionEvent(
                            type, type.getPackage().isAnnotatedWith(Internal.class), type.getPackageName()));
                }
            });

    @ArchTest
    static final ArchRule the_public_api_exposes_no_internal_types = classes()
            .that(describe("are public API", PublicApiTest::isPublicApi))
            .should(new ArchCondition<>("expose only public API, Java and Camel") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    type.getMembers().stream()
                            .filter(PublicApiTest::isExposed)
                            .forEach(member -> exposed(member)
                                    .filter(used -> !isAllowed(used))
                                    .forEach(used -> events.add(SimpleConditionEvent.violated(
                                            type, member.getFullName() + " exposes " + used.getName()))));
                }
            });

    private static boolean isExposed(JavaMember member) {
        return (member.getModifiers().contains(JavaModifier.PUBLIC)
                        || member.getModifiers().contains(JavaModifier.PROTECTED))
                && !member.getModifiers().contains(JavaModifier.SYNTHETIC)
                && !member.isAnnotatedWith(Internal.class);
    }

    private static Stream<JavaClass> exposed(JavaMember member) {
        List<JavaType> types = new ArrayList<>();
        if (member instanceof JavaField field) {
            types.add(field.getType());
        } else if (member instanceof JavaCodeUnit code) {
            types.add(code.getReturnType());
            types.addAll(code.getParameterTypes());
            types.addAll(code.getExceptionTypes());
        }
        return types.stream().flatMap(type -> type.getAllInvolvedRawTypes().stream());
    }

    private static boolean isAllowed(JavaClass used) {
        JavaClass type = used.getBaseComponentType();
        return type.isPrimitive()
                || type.getPackageName().startsWith("java.")
                || type.getPackageName().startsWith("org.apache.camel")
                || type.getPackageName().startsWith(ROOT) && isPublicApi(type);
    }

    /** The examples and the documentation for hubs name only what a hub may use. */
    @ArchTest
    static void examples_use_only_the_public_api(JavaClasses classes) throws IOException {
        Set<String> allowed = classes.stream()
                .filter(PublicApiTest::isPublicApi)
                .map(type -> type.getName().replace('$', '.'))
                .collect(Collectors.toSet());
        Set<String> named = new LinkedHashSet<>();
        for (String folder : List.of("examples", "routes", "docs")) {
            named.addAll(typesNamedIn(Path.of(folder)));
        }
        assertThat(named).contains(ROOT + ".StreamingSaga", ROOT + ".operations.SagaOperator");
        assertThat(named).isSubsetOf(allowed);
    }

    private static Set<String> typesNamedIn(Path folder) throws IOException {
        Set<String> named = new LinkedHashSet<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(file -> file.toString().matches(".*\\.(java|yaml|md)"))
                    .filter(file -> !file.toString().contains("/target/"))
                    .toList()) {
                TYPE_NAME
                        .matcher(Files.readString(file))
                        .results()
                        .map(MatchResult::group)
                        .forEach(named::add);
            }
        }
        return named;
    }
}

package dev.streamingsaga;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.net.ServerSocket;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;

/** Keeps {@code ./mvnw test -Punit} fast: a test with the tag {@code unit} starts no server. */
@ArchTag("unit")
@ArchTag("one-jdk")
@AnalyzeClasses(packages = "dev.streamingsaga", importOptions = ImportOption.OnlyIncludeTests.class)
class UnitTestsTest {
    private static final DescribedPredicate<JavaClass> SERVERS = resideInAnyPackage(
                    "..embedded..",
                    "com.sun.net.httpserver..",
                    "com.icegreen..",
                    "org.openqa..",
                    "org.apache.kafka..",
                    "org.apache.activemq..",
                    "org.gaul..")
            .or(resideInAnyPackage("..testkit..")
                    .and(DescribedPredicate.not(simpleName("SamplePdf")
                            .or(simpleName("MigratedDatabases"))
                            .or(simpleName("Background")))))
            .or(belongToAnyOf(ServerSocket.class));

    private static final DescribedPredicate<JavaClass> FIXTURES_WITH_SERVERS = describe(
            "are test classes that use servers",
            type -> isTest(type)
                    && type.getDirectDependenciesFromSelf().stream()
                            .anyMatch(dependency -> SERVERS.test(dependency.getTargetClass())));

    @ArchTest
    static final ArchRule unit_tests_start_no_server = noClasses()
            .that(describe("are tagged unit", UnitTestsTest::isUnit))
            .should()
            .dependOnClassesThat(SERVERS.or(FIXTURES_WITH_SERVERS).as("are servers, or fixtures that start them"))
            .because("they are the fast loop; a test that needs a server goes into a class without the tag");

    /** JUnit's or jqwik's tag, also if the contract that the class extends has it. */
    private static boolean isUnit(JavaClass type) {
        return isTest(type)
                && (Arrays.stream(type.reflect().getAnnotationsByType(Tag.class))
                                .anyMatch(tag -> tag.value().equals("unit"))
                        || Arrays.stream(type.reflect().getAnnotationsByType(net.jqwik.api.Tag.class))
                                .anyMatch(tag -> tag.value().equals("unit")));
    }

    private static boolean isTest(JavaClass type) {
        return type.getSource()
                .filter(source -> source.getUri().toString().contains("/test-classes/"))
                .isPresent();
    }
}

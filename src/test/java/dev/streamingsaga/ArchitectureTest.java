package dev.streamingsaga;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.lra.CallbackListener;
import java.io.FileOutputStream;
import java.io.FileWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/** Enforces the dependencies between packages that {@code docs/architecture.md} describes. */
@ArchTag("unit")
@ArchTag("one-jdk")
@AnalyzeClasses(packages = "dev.streamingsaga", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule packages_have_no_cycles =
            slices().matching("dev.streamingsaga.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule only_embedded_uses_optional_servers = noClasses()
            .that()
            .resideOutsideOfPackage("..embedded..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.gaul..",
                    "com.arjuna..",
                    "io.narayana..",
                    "io.undertow..",
                    "org.jboss..",
                    "org.apache.activemq..");

    @ArchTest
    static final ArchRule only_jms_ingestion_uses_jms = noClasses()
            .that()
            .resideOutsideOfPackage("..jms..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jakarta.jms..", "org.apache.camel.component.jms..")
            .because("it is optional");

    @ArchTest
    static final ArchRule only_the_server_and_its_requests_use_vertx = noClasses()
            .that()
            .resideOutsideOfPackage("..embedded..")
            .and()
            .haveSimpleNameNotStartingWith("Vertx")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.vertx..", "io.netty..", "org.apache.camel.component.platform.http.vertx..")
            .because("a hub may serve the API with another server");

    @ArchTest
    static final ArchRule only_the_api_reads_tokens = noClasses()
            .that()
            .doNotHaveSimpleName("OidcTokens")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.nimbusds..")
            .because("it is optional");

    @ArchTest
    static final ArchRule only_observe_uses_micrometer = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("dev.streamingsaga.observe.Meters")
            .and()
            .doNotHaveFullyQualifiedName("dev.streamingsaga.observe.Prometheus")
            .and()
            .doNotHaveFullyQualifiedName("dev.streamingsaga.observe.Prometheus$CreatedRegistry")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..")
            .because("it is optional");

    @ArchTest
    static final ArchRule only_observe_uses_tracers = noClasses()
            .that()
            .resideOutsideOfPackage("..observe..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.opentelemetry..", "org.apache.camel.telemetry..", "org.apache.camel.opentelemetry2..")
            .because("they are optional");

    @ArchTest
    static final ArchRule only_the_command_line_uses_its_libraries = noClasses()
            .that()
            .resideOutsideOfPackage("..cli..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("picocli..", "me.tongfei..", "ch.qos.logback..", "net.logstash..");

    @ArchTest
    static final ArchRule only_content_reads_documents = noClasses()
            .that()
            .resideOutsideOfPackage("..content..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.pdfbox..", "org.apache.tika..", "dev.langchain4j..", "ai.onnxruntime..");

    @ArchTest
    static final ArchRule the_journal_does_not_depend_on_its_callers = noClasses()
            .that()
            .resideInAPackage("..journal..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..saga..", "..chunk..", "..store..", "..ingest..", "..ops..", "org.apache.camel..");

    @ArchTest
    static final ArchRule only_one_package_opens_databases = noClasses()
            .that()
            .resideOutsideOfPackage("..database..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.zaxxer..", "org.sqlite..", "org.postgresql..")
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(java.sql.DriverManager.class)
            .because("SideEffectProbe sees every statement there, and the crash matrix kills at it");

    @ArchTest
    static final ArchRule only_one_class_creates_s3_clients = noClasses()
            .that()
            .doNotBelongToAnyOf(S3Clients.class)
            .and()
            .resideOutsideOfPackage("..bench..")
            .should()
            .callMethodWhere(JavaCall.Predicates.target(HasOwner.Predicates.With.owner(
                            JavaClass.Predicates.belongToAnyOf(S3Client.class, S3AsyncClient.class)))
                    .and(JavaCall.Predicates.target(HasName.Predicates.nameMatching("(crt)?([bB]uilder|[cC]reate)"))))
            .orShould()
            .dependOnClassesThat()
            .resideInAnyPackage("software.amazon.awssdk.transfer..")
            .because("SideEffectProbe sees every request of that client");

    @ArchTest
    static final ArchRule only_listed_classes_write_files = noClasses()
            .that()
            .resideOutsideOfPackage("..bench..")
            .and()
            .haveNameNotMatching(".*\\.("
                    + String.join(
                            "|",
                            "Reports",
                            "Settlement",
                            "FileMove",
                            "DoneFileMarker", // all but the last notify the probe; the last removes markers of settled
                            // files
                            "FolderOwner", // the owner marks of removed journals
                            "PersistentPort",
                            "SecretFile",
                            "ApiKeys",
                            "Credentials",
                            "DataDirectory",
                            "DirectoryAccess",
                            "Permissions", // not part of a saga
                            "NativeLibraries",
                            "OnnxLibrary", // native code of libraries
                            "ContentDirectories",
                            "UploadSpool",
                            "SpoolWriter",
                            "TextSource", // the spool
                            "BucketSweep",
                            "ChunkStore",
                            "DoctorCommand",
                            "RemoteIngest") // incomplete objects; fetch; a write check; only reads
                    + ")(\\$.*)?")
            .should()
            .callMethodWhere(
                    JavaCall.Predicates.target(HasOwner.Predicates.With.owner(
                                    JavaClass.Predicates.belongToAnyOf(Files.class, FileChannel.class)))
                            .and(
                                    JavaCall.Predicates.target(
                                            HasName.Predicates.nameMatching(
                                                    "write.*|copy|move|delete.*|create(Temp)?File|create.*Link|transferFrom|newOutputStream|newByteChannel|newBufferedWriter"))))
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(FileOutputStream.class, FileWriter.class)
            .because("SideEffectProbe observes every written report, and every settled file of the drop folder");

    @ArchTest
    static final ArchRule only_listed_packages_use_http = noClasses()
            .that()
            .resideOutsideOfPackages("..http..", "..lra..", "..content..")
            .and()
            .haveSimpleNameNotEndingWith("RemoteIngest")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net.http..", "com.sun.net.httpserver..")
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(java.net.HttpURLConnection.class, java.net.Socket.class)
            .because(
                    "SideEffectProbe observes requests to the coordinator and its callbacks; an embedding server only answers queries");

    @ArchTest
    static final ArchRule only_one_class_sends_requests_to_the_coordinator = noClasses()
            .that()
            .resideInAPackage("..lra..")
            .and()
            .doNotBelongToAnyOf(CallbackListener.class)
            .and()
            .haveSimpleNameNotEndingWith("CoordinatorHttp")
            .and()
            .haveSimpleNameNotEndingWith("Ping")
            .should()
            .callMethodWhere(JavaCall.Predicates.target(
                    HasOwner.Predicates.With.owner(JavaClass.Predicates.assignableTo(java.net.http.HttpClient.class))))
            .because("SideEffectProbe observes every request there; Ping only sends requests to this process");

    @ArchTest
    static final ArchRule no_class_uses_the_common_pool = noClasses()
            .should()
            .callMethodWhere(JavaCall.Predicates.target(HasName.Predicates.name("sendAsync")))
            .orShould()
            .callMethod(java.util.concurrent.CompletableFuture.class, "supplyAsync", java.util.function.Supplier.class)
            .orShould()
            .callMethod(java.util.concurrent.CompletableFuture.class, "runAsync", Runnable.class)
            .because("on Java 25 it has one thread on two cores, and that thread may be the one that waits");

    @ArchTest
    static final ArchRule one_listener_for_callbacks = noClasses()
            .that()
            .haveNameNotMatching("dev\\.streamingsaga\\.lra\\.Callback.*")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.http..", "com.sun.net.httpserver..")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("dev.streamingsaga.lra.CallbackServer")
            .because("SideEffectProbe sees every callback in CallbackListener");

    @ArchTest
    static final ArchRule route_builders_are_named_routes = classes()
            .that()
            .areAssignableTo(org.apache.camel.builder.RouteBuilder.class)
            .and()
            .areNotAnonymousClasses()
            .should()
            .haveSimpleNameEndingWith("Routes");
}

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

/** Checks that the code keeps the architecture that {@code docs/architecture.md} describes. */
@ArchTag("unit")
@ArchTag("one-jdk")
@AnalyzeClasses(packages = "dev.streamingsaga", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule packages_have_no_cycles =
            slices().matching("dev.streamingsaga.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule only_embedded_depends_on_optional_servers = noClasses()
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
    static final ArchRule only_jms_ingestion_depends_on_jms = noClasses()
            .that()
            .resideOutsideOfPackage("..jms..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jakarta.jms..", "org.apache.camel.component.jms..")
            .because("it is optional");

    @ArchTest
    static final ArchRule only_the_server_and_its_requests_depend_on_vert_x = noClasses()
            .that()
            .resideOutsideOfPackage("..embedded..")
            .and()
            .haveSimpleNameNotStartingWith("Vertx")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.vertx..", "io.netty..", "org.apache.camel.component.platform.http.vertx..")
            .because("a hub may serve the API with another server");

    @ArchTest
    static final ArchRule only_the_api_and_receipts_depend_on_jose = noClasses()
            .that()
            .doNotHaveSimpleName("OidcTokens")
            .and()
            .resideOutsideOfPackage("..receipt..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.nimbusds..")
            .because("it is optional");

    @ArchTest
    static final ArchRule only_observe_depends_on_micrometer = noClasses()
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
    static final ArchRule only_observe_depends_on_tracers = noClasses()
            .that()
            .resideOutsideOfPackage("..observe..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.opentelemetry..", "org.apache.camel.telemetry..", "org.apache.camel.opentelemetry2..")
            .because("they are optional");

    @ArchTest
    static final ArchRule only_encryption_depends_on_its_libraries = noClasses()
            .that()
            .resideOutsideOfPackage("..encryption..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.google.crypto.tink..", "software.amazon.awssdk.services.kms..")
            .because("they are optional");

    @ArchTest
    static final ArchRule only_the_command_line_depends_on_its_libraries = noClasses()
            .that()
            .resideOutsideOfPackage("..cli..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("picocli..", "me.tongfei..", "ch.qos.logback..", "net.logstash..");

    @ArchTest
    static final ArchRule only_extractors_read_documents = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "..content..", "..charset..", "..extractor..", "..filetype..", "..mail..", "..office..", "..pdf..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.pdfbox..", "org.apache.tika..", "org.apache.poi..", "org.apache.james..");

    @ArchTest
    static final ArchRule only_embedding_depends_on_models = noClasses()
            .that()
            .resideOutsideOfPackages("..embedding..", "..bench..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.langchain4j..", "ai.onnxruntime..", "ai.djl..");

    @ArchTest
    static final ArchRule the_journal_does_not_depend_on_its_users = noClasses()
            .that()
            .resideInAPackage("..journal..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..saga..", "..chunk..", "..store..", "..ingest..", "..ops..", "org.apache.camel..");

    @ArchTest
    static final ArchRule database_connections_are_created_in_one_place = noClasses()
            .that()
            .resideOutsideOfPackage("..database..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.zaxxer..", "org.sqlite..", "org.postgresql..")
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(java.sql.DriverManager.class)
            .because("SideEffectProbe sees every statement there, and the crash matrix kills at each");

    @ArchTest
    static final ArchRule only_classes_of_its_name_depend_on_the_driver_of_neo4j = noClasses()
            .that()
            .haveSimpleNameNotStartingWith("Neo4j")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.neo4j..")
            .because("it is optional");

    @ArchTest
    static final ArchRule neo4j_is_connected_in_one_place = noClasses()
            .that()
            .resideOutsideOfPackages("..database..", "..outage..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.neo4j..")
            .because("SideEffectProbe sees every statement there, and the crash tests kill at each");

    @ArchTest
    static final ArchRule bucket_clients_are_created_in_one_place = noClasses()
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
    static final ArchRule reports_are_written_in_one_place = noClasses()
            .that()
            .resideOutsideOfPackage("..bench..")
            .and()
            .haveNameNotMatching(".*\\.("
                    + String.join(
                            "|",
                            "ReportFiles",
                            "EventReport",
                            "Settlement",
                            "FileMove",
                            "DoneFileMarker", // the others report to the probe; this one removes what Settlement
                            // settled
                            "FolderOwner", // owner files of journals that are gone
                            "PrivateFile",
                            "ApiKeys",
                            "Credentials",
                            "DataDirectory",
                            "DirectoryAccess",
                            "Permissions", // not part of a saga
                            "NativeLibraries",
                            "OnnxLibrary", // native code of libraries
                            "Worker", // tells the kernel its priority
                            "PartFile",
                            "TemporaryFile",
                            "TemporarySpace",
                            "Uploads",
                            "UploadSpool",
                            "SpoolWriter",
                            "ChunkSlots",
                            "SealedChunk", // the spool
                            "BucketSweep",
                            "ArchiveFiles",
                            "ChunkStore",
                            "FileCopies",
                            "DraftDirectory",
                            "Trees",
                            "Restore",
                            "DoctorCommand",
                            "OutputFile",
                            "RemoteIngest") // half-written objects; fetch; a test file; a user's file; only reads
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
            .because("SideEffectProbe sees every report, and every move in the drop folder");

    @ArchTest
    static final ArchRule only_http_and_lra_use_http_clients = noClasses()
            .that()
            .resideOutsideOfPackages("..http..", "..lra..", "..embedding..", "..bench..")
            .and()
            .haveSimpleNameNotStartingWith("Remote")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net.http..", "com.sun.net.httpserver..")
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(java.net.HttpURLConnection.class, java.net.Socket.class)
            .because("SideEffectProbe sees requests to the coordinator and its callbacks; an embedder only reads, a"
                    + " benchmark is a client");

    @ArchTest
    static final ArchRule coordinator_requests_are_sent_in_one_place = noClasses()
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
            .because("SideEffectProbe sees every request there; Ping only calls this process");

    @ArchTest
    static final ArchRule no_code_uses_the_common_pool = noClasses()
            .should()
            .callMethodWhere(JavaCall.Predicates.target(HasName.Predicates.name("sendAsync")))
            .orShould()
            .callMethod(java.util.concurrent.CompletableFuture.class, "supplyAsync", java.util.function.Supplier.class)
            .orShould()
            .callMethod(java.util.concurrent.CompletableFuture.class, "runAsync", Runnable.class)
            .because("on two cores it has one thread since Java 25, which may be the one that waits");

    @ArchTest
    static final ArchRule one_listener_for_callbacks = noClasses()
            .that()
            .resideOutsideOfPackage("..bench..")
            .and()
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

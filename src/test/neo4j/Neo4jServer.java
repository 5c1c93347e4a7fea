import java.nio.file.Files;
import java.nio.file.Path;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.configuration.ssl.SslPolicyConfig;
import org.neo4j.configuration.ssl.SslPolicyScope;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * The Neo4j server of the tests, run from source with the class path of the server: home directory, port on loopback,
 * password of the user neo4j. Bolt accepts TLS if the home directory has certificates/private.key and public.crt.
 */
final class Neo4jServer {
    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        Path certificates = home.resolve("certificates");
        boolean isNew = !Files.exists(home.resolve("data"));
        boolean tls = Files.exists(certificates);
        DatabaseManagementServiceBuilder builder = new DatabaseManagementServiceBuilder(home)
                .setConfig(BoltConnector.enabled, true)
                .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", Integer.parseInt(args[1])))
                .setConfig(BoltConnector.encryption_level, tls
                        ? BoltConnector.EncryptionLevel.OPTIONAL
                        : BoltConnector.EncryptionLevel.DISABLED)
                .setConfig(BoltConnector.advertised_address, new SocketAddress("127.0.0.1", Integer.parseInt(args[1])))
                .setConfig(GraphDatabaseSettings.auth_enabled, true)
                .setConfig(GraphDatabaseSettings.pagecache_memory, 32L << 20);
        if (tls) {
            SslPolicyConfig policy = SslPolicyConfig.forScope(SslPolicyScope.BOLT);
            builder.setConfig(policy.enabled, true).setConfig(policy.base_directory, certificates);
        }
        DatabaseManagementService service = builder.build();
        Runtime.getRuntime().addShutdownHook(new Thread(service::shutdown));
        if (isNew) {
            String password = args[2].replace("'", "");
            service.database("system")
                    .executeTransactionally("ALTER USER neo4j SET PASSWORD '" + password + "' CHANGE NOT REQUIRED");
        }
        System.out.println("READY");
        while (System.in.read() >= 0) {
            // The input ends with the process of the tests.
        }
        System.exit(0);
    }
}

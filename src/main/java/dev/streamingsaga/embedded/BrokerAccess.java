package dev.streamingsaga.embedded;

import dev.streamingsaga.config.EndpointConfig.Jms;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.WildcardConfiguration;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.ActiveMQSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/**
 * The accounts of the embedded broker and their permissions. No account has management permissions.
 *
 * @param producer sends documents and receives replies; cannot read the queue or the dead letters
 * @param operator for the application and for operators who handle dead letters: also receives from and browses both
 *     queues
 */
record BrokerAccess(Credentials producer, Credentials operator) {
    private static final int CLUSTER_PASSWORD_BYTES = 32;

    /**
     * Reads {@code broker.credentials} and {@code broker-operator.credentials} in the data directory; creates them if
     * missing.
     */
    static BrokerAccess in(Path dataDir) throws IOException {
        BrokerAccess access = new BrokerAccess(
                Credentials.in(dataDir.resolve("broker.credentials"), "saga-producer"),
                Credentials.in(dataDir.resolve("broker-operator.credentials"), "saga-operator"));
        if (access.producer.name().equals(access.operator.name())) {
            throw new IOException("broker.credentials and broker-operator.credentials in " + dataDir
                    + " name the same user, "
                    + access.producer.name() + "; delete one of them to generate it again");
        }
        return access;
    }

    ActiveMQSecurityManager accounts() {
        SecurityConfiguration users = new SecurityConfiguration();
        for (Credentials account : List.of(producer, operator)) {
            users.addUser(account.name(), account.secret());
            users.addRole(account.name(), account.name());
        }
        return new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users);
    }

    void grant(Configuration settings, Jms jms) {
        settings.setSecurityEnabled(true)
                // This account has all permissions, and its default password is public.
                .setClusterUser("cluster-" + Credentials.random(CLUSTER_PASSWORD_BYTES))
                .setClusterPassword(Credentials.random(CLUSTER_PASSWORD_BYTES))
                // Otherwise a queue on the address # would get a copy of each document and each dead letter.
                .setWildCardConfiguration(new WildcardConfiguration().setRoutingEnabled(false))
                .putSecurityRoles("#", Set.of(replies(role(producer)), send(replies(role(operator)))))
                .putSecurityRoles("activemq.#", Set.of())
                .putSecurityRoles("$sys.#", Set.of())
                .putSecurityRoles(jms.queue(), Set.of(send(role(producer)), send(receive(role(operator)))))
                .putSecurityRoles(jms.deadLetterQueue(), Set.of(send(receive(role(operator)))));
    }

    private static Role role(Credentials account) {
        Role role = new Role();
        role.setName(account.name());
        return role;
    }

    private static Role send(Role role) {
        role.setSend(true);
        return role;
    }

    private static Role receive(Role role) {
        role.setConsume(true);
        role.setBrowse(true);
        return role;
    }

    /** Permissions on reply queues, temporary or not, whose names the client chooses. */
    private static Role replies(Role role) {
        receive(role);
        role.setCreateAddress(true);
        role.setCreateDurableQueue(true);
        role.setCreateNonDurableQueue(true);
        role.setDeleteNonDurableQueue(true);
        return role;
    }
}

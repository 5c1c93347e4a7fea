package dev.streamingsaga;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;

/** Finds the hub's beans for one instance. Ignores beans that an instance bound itself. */
final class HubBeans {
    private final CamelContext context;
    private final String name;

    HubBeans(CamelContext context, String name) {
        this.context = context;
        this.name = name;
    }

    /** The registry name of an instance. */
    static String bundle(String name) {
        return name + "-bundle";
    }

    /** The bean {@code <name><suffix>}, or else the only bean of its type. */
    <T> Optional<T> find(Class<T> type, String suffix) {
        T named = context.getRegistry().lookupByNameAndType(bean(suffix), type);
        return named == null ? only(type) : Optional.of(named);
    }

    <T> Optional<T> only(Class<T> type) {
        IdentityHashMap<T, String> different = new IdentityHashMap<>();
        candidates(type).forEach((bean, object) -> different.put(object, bean));
        return different.size() == 1 ? Optional.of(different.keySet().iterator().next()) : Optional.empty();
    }

    /** Says under which name to bind a bean, if the registry has none or several of its type. */
    String describe(Class<?> type, String suffix) {
        Set<String> names = candidates(type).keySet();
        return names.isEmpty()
                ? "as " + bean(suffix) + ", or as the only bean of its type"
                : "as " + bean(suffix) + ": the registry has several ("
                        + names.stream().sorted().collect(Collectors.joining(", ")) + ")";
    }

    private <T> Map<String, T> candidates(Class<T> type) {
        Set<String> bundles = context.getRegistry().findByTypeWithName(StreamingSaga.class).values().stream()
                .map(StreamingSaga::name)
                .collect(Collectors.toSet());
        Map<String, T> found = new HashMap<>(context.getRegistry().findByTypeWithName(type));
        found.keySet().removeIf(bean -> bundles.stream().anyMatch(bundle -> bean.startsWith(bundle + "-")));
        return found;
    }

    private String bean(String suffix) {
        return name + suffix;
    }
}

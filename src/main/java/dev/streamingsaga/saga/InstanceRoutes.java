package dev.streamingsaga.saga;

import dev.streamingsaga.config.RouteNames;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.SendDefinition;
import org.jspecify.annotations.Nullable;

/**
 * Tells the routes of an instance from those that a hub built for itself. An instance has the routes whose id or input
 * begins with its name, and those that the routes of its stores call with {@code to("direct:…")}.
 */
final class InstanceRoutes {
    private static final String DIRECT = "direct:";

    private final ModelCamelContext context;
    private final String prefix;

    /** @param name of the instance */
    InstanceRoutes(ModelCamelContext context, String name) {
        this.context = context;
        this.prefix = name + "-";
    }

    boolean contain(RouteDefinition route) {
        return hasName(route)
                || input(route).filter(name -> calledByStores().contains(name)).isPresent();
    }

    private boolean hasName(RouteDefinition route) {
        return String.valueOf(route.getRouteId()).startsWith(prefix)
                || input(route).filter(name -> name.startsWith(prefix)).isPresent();
    }

    /** The names of the direct endpoints that the routes of stores call, also through other routes. */
    private Set<String> calledByStores() {
        List<RouteDefinition> routes = List.copyOf(context.getRouteDefinitions());
        Set<String> called = new HashSet<>();
        Deque<RouteDefinition> open = new ArrayDeque<>();
        routes.stream()
                .filter(route -> input(route)
                        .filter(name -> name.startsWith(prefix + RouteNames.STORE_PREFIX))
                        .isPresent())
                .forEach(open::add);
        while (!open.isEmpty()) {
            calls(open.pop()).filter(called::add).forEach(name -> routes.stream()
                    .filter(route -> input(route).filter(name::equals).isPresent())
                    .forEach(open::add));
        }
        return called;
    }

    private Stream<String> calls(RouteDefinition route) {
        return ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), SendDefinition.class).stream()
                .flatMap(to -> direct(to.getEndpointUri()).stream());
    }

    private Optional<String> input(RouteDefinition route) {
        return route.getInput() == null
                ? Optional.empty()
                : direct(route.getInput().getEndpointUri());
    }

    /** The name of a direct endpoint; empty for any other endpoint. */
    private Optional<String> direct(@Nullable String uri) {
        if (uri == null) {
            return Optional.empty();
        }
        String resolved = resolved(uri);
        return resolved.startsWith(DIRECT)
                ? Optional.of(resolved.substring(DIRECT.length()).replaceFirst("^//", "").replaceFirst("[?].*", ""))
                : Optional.empty();
    }

    private String resolved(String uri) {
        try {
            return context.resolvePropertyPlaceholders(uri);
        } catch (IllegalArgumentException e) {
            return uri; // parameters of a route template are known only while its own route is built
        }
    }
}

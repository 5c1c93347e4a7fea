package example;

import dev.streamingsaga.StreamingSaga;
import java.nio.file.Path;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.sqlite.SQLiteDataSource;

/** Ingests each file of the folder {@code drop} and writes its outcome to the folder {@code outcome}. */
public final class PlainHub {
    private PlainHub() {}

    static CamelContext start(Path folder) throws Exception {
        CamelContext context = create(folder);
        context.start();
        return context;
    }

    static CamelContext create(Path folder) throws Exception {
        DefaultCamelContext context = new DefaultCamelContext();
        context.getPropertiesComponent().setLocation("classpath:application.properties");
        context.getPropertiesComponent().addInitialProperty("hub.folder", folder.toString());
        SQLiteDataSource ledger = new SQLiteDataSource();
        ledger.setUrl("jdbc:sqlite:" + folder.resolve("ledger.db") + "?busy_timeout=10000");
        context.getRegistry().bind("ledger", ledger);

        context.addRoutes(new StreamingSaga());
        for (String routes : new String[] {"drop-folder", "store-ledger"}) {
            Resource yaml = ResourceHelper.resolveResource(context, "classpath:routes/" + routes + ".camel.yaml");
            PluginHelper.getRoutesLoader(context).loadRoutes(yaml);
        }
        return context;
    }

    public static void main(String[] arguments) throws Exception {
        CamelContext context = start(Path.of(arguments.length == 0 ? "hub" : arguments[0]));
        Runtime.getRuntime().addShutdownHook(new Thread(context::stop));
    }
}

package dev.streamingsaga.cli;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.ContextInitializer;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The result of a command that runs in this process: its exit code and output. */
record Call(int code, String out, String err) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Call of(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        try {
            int code = Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
            return new Call(code, out.toString(), err.toString());
        } finally {
            configureTestLog();
        }
    }

    /** A command configures the log of its process. The test classes that run here later need the log of tests. */
    private static void configureTestLog() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        try {
            new ContextInitializer(context).autoConfig();
        } catch (JoranException e) {
            throw new IllegalStateException(e);
        }
    }

    static Call of(List<String> args) {
        return of(args.toArray(String[]::new));
    }

    /** The output parsed as JSON Lines; empty if there is none. */
    List<JsonNode> lines() throws JsonProcessingException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : out.lines().toList()) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    /** The only line. */
    JsonNode line() throws JsonProcessingException {
        List<JsonNode> lines = lines();
        if (lines.size() != 1) {
            throw new IllegalStateException("one line was expected: " + out + err);
        }
        return lines.get(0);
    }
}

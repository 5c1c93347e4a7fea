package dev.streamingsaga.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/** The result of a command that runs in this process: its exit code and output. */
record Call(int code, String out, String err) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Call of(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Call(code, out.toString(), err.toString());
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

package dev.streamingsaga.deployment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The instructions of a Dockerfile, in their order, without comments and with continued lines joined. */
record Dockerfile(List<Instruction> instructions) {
    private static final Path FILE = Path.of("config/docker/Dockerfile");

    /** @param word in capitals */
    record Instruction(String word, String arguments) {
        /** The arguments in exec form. */
        List<String> exec() {
            try {
                return List.of(
                        new ObjectMapper().readValue(arguments.substring(arguments.indexOf('[')), String[].class));
            } catch (JsonProcessingException | StringIndexOutOfBoundsException e) {
                throw new AssertionError(word + " is not in exec form: " + arguments, e);
            }
        }
    }

    static Dockerfile ofTheImage() {
        try {
            return parse(Files.readString(FILE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Dockerfile parse(String text) {
        List<Instruction> instructions = new ArrayList<>();
        String joined = text.replaceAll("(?m)^#.*\\R", "").replaceAll("\\\\\\R", " ");
        joined.lines().filter(line -> !line.isBlank()).forEach(line -> {
            String[] parts = line.strip().split("\\s+", 2);
            instructions.add(new Instruction(parts[0], parts.length == 2 ? parts[1] : ""));
        });
        return new Dockerfile(instructions);
    }

    List<Instruction> all(String word) {
        return instructions.stream()
                .filter(instruction -> instruction.word().equals(word))
                .toList();
    }

    /** The instructions of the stage that becomes the image. */
    Dockerfile lastStage() {
        int from = instructions.lastIndexOf(all("FROM").get(all("FROM").size() - 1));
        return new Dockerfile(instructions.subList(from, instructions.size()));
    }

    Instruction one(String word) {
        List<Instruction> found = all(word);
        if (found.size() != 1) {
            throw new AssertionError("expected " + word + " once: " + found);
        }
        return found.get(0);
    }

    /** What {@code ENV} sets in the last stage. */
    Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        for (Instruction env : lastStage().all("ENV")) {
            for (String assignment : env.arguments().split("\\s+")) {
                String[] parts = assignment.split("=", 2);
                environment.put(parts[0], parts[1]);
            }
        }
        return environment;
    }
}

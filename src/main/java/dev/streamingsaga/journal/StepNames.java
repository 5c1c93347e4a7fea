package dev.streamingsaga.journal;

import java.util.List;
import java.util.stream.Stream;

/** Names of the steps that write no store. A step that writes one has the store's name, see {@link StoreNames}. */
public final class StepNames {
    public static final String VALIDATE = "validate";
    public static final String START = "start";
    public static final String VERIFY = "verify";
    public static final String FINALIZE = "finalize";

    private StepNames() {}

    /** The steps of a saga in their order: nine with the four built-in participants. */
    public static List<String> all(List<String> participants) {
        return Stream.of(List.of(VALIDATE, START, StoreNames.UPLOAD, VERIFY), participants, List.of(FINALIZE))
                .flatMap(List::stream)
                .toList();
    }
}

package dev.streamingsaga.operations;

import java.util.List;

/**
 * What became of a command for many sagas or clean-up entries.
 *
 * @param requested sagas or entries for which the command is journaled; with a dry run, for which it would be
 * @param refusals those that did not accept it any more
 * @param more whether more match than the limit allows
 */
public record BulkOutcome(int requested, List<Refusal> refusals, boolean more) {

    /** @param id of the saga */
    public record Refusal(String id, String reason) {}
}

package dev.streamingsaga.retention;

import dev.streamingsaga.annotation.PublicApi;
import java.util.ArrayList;
import java.util.List;

/**
 * What one rule did in a pass, or would do.
 *
 * @param rule its name
 * @param period after which something goes
 * @param count what was removed; in a preview what would be
 * @param ids the first of them
 * @param held how much is old enough but stays
 * @param heldItems the first of these
 * @param complete false if there is more than this: the limit of a pass was reached, or it stopped early
 * @param file archive that was written to; empty if there is none
 * @param error why the rule stopped; empty if it did not fail
 */
@PublicApi
public record RuleReport(
        String rule,
        String period,
        long count,
        List<String> ids,
        long held,
        List<HeldItem> heldItems,
        boolean complete,
        String file,
        String error) {

    /**
     * Something that stays although it is old enough.
     *
     * @param reason why, and until what
     */
    @PublicApi
    public record HeldItem(String id, String reason) {}

    static RuleReport failed(RetentionRule rule, String error) {
        return new RuleReport(rule.name(), rule.period(), 0, List.of(), 0, List.of(), false, "", error);
    }

    /** Collects a report. Not thread-safe. */
    static final class Builder {
        private final RetentionRule rule;
        private final RetentionPass pass;
        private final List<String> ids = new ArrayList<>();
        private final List<HeldItem> heldItems = new ArrayList<>();
        private long count;
        private long held;
        private boolean complete = true;
        private String file = "";

        Builder(RetentionRule rule, RetentionPass pass) {
            this.rule = rule;
            this.pass = pass;
        }

        void add(String id) {
            count++;
            if (ids.size() < pass.shown()) {
                ids.add(id);
            }
        }

        void held(String id, String reason) {
            held++;
            if (heldItems.size() < pass.shown()) {
                heldItems.add(new HeldItem(id, reason));
            }
        }

        void file(String name) {
            file = name;
        }

        /** How much of the limit is left. */
        int left() {
            return (int) Math.max(0, pass.limit() - count);
        }

        /** There is more. */
        void incomplete() {
            complete = false;
        }

        RuleReport build() {
            return new RuleReport(
                    rule.name(),
                    rule.period(),
                    count,
                    List.copyOf(ids),
                    held,
                    List.copyOf(heldItems),
                    complete,
                    file,
                    "");
        }
    }
}

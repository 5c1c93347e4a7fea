package dev.streamingsaga.retention;

/**
 * Removes what has been kept long enough. A pass may be killed at any moment: the next one continues. A rule that fails
 * throws a {@link RuntimeException}; the others run all the same.
 */
public interface RetentionRule {
    /** A short word, such as {@code documents}. */
    String name();

    /** The period after which something goes, as it was configured; empty: the rule is off and never called. */
    String period();

    /**
     * What {@link #run} would do now. Changes nothing.
     *
     * @param limits how much is counted at most
     */
    RuleReport preview(RetentionPass limits);

    /**
     * Removes what is old enough, in bounded transactions.
     *
     * @param pass says before each piece of the work whether it may go on
     */
    RuleReport run(RetentionPass pass);
}

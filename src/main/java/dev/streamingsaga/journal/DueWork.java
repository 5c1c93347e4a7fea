package dev.streamingsaga.journal;

import java.util.Collection;
import java.util.List;

/**
 * Whether there is work that any process of this version may have to do now. One query answers all of it, so that an
 * idle process asks once a second and not once for each kind of work.
 *
 * @param commands operator commands for sagas
 * @param staleSagas unfinished sagas whose lease has expired, without those that this process leaves to others
 * @param publications completed documents that are not visible in every store yet, and replaced versions of documents
 *     that have to be removed
 * @param cleanupCommands operator commands for clean-up entries
 * @param cleanups clean-up entries whose next attempt is due
 * @param redeliveries documents that are to be delivered again
 * @param deletions deletions of documents that are not finished
 */
public record DueWork(
        boolean commands,
        boolean staleSagas,
        boolean publications,
        boolean cleanupCommands,
        boolean cleanups,
        boolean redeliveries,
        boolean deletions) {

    /** Each condition repeats that of a partial index. */
    static final String SQL = "SELECT"
            + when("SELECT 1 FROM saga WHERE wish IS NOT NULL AND state NOT IN " + SagaRepository.FINAL + " AND "
                    + SagaFormat.KNOWN)
            + " AS commands,"
            + when("SELECT 1 FROM saga WHERE state NOT IN " + SagaRepository.FINAL
                    + " AND lease_until < :now AND state <> 'PAUSED' AND " + SagaFormat.KNOWN
                    + " AND " + Leases.NOT_LEFT)
            + " AS stale,"
            + " CASE WHEN"
            + exists("SELECT 1 FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL AND superseded_by IS NULL"
                    + " AND publish_after <= :now AND " + SagaFormat.KNOWN)
            + " OR"
            + exists(VersionRepository.OUTSTANDING)
            + " THEN 1 ELSE 0 END AS publications,"
            + when("SELECT 1 FROM cleanup JOIN saga USING (saga_id) WHERE cleanup.wish IS NOT NULL AND "
                    + SagaFormat.KNOWN)
            + " AS cleanup_commands,"
            + when("SELECT 1 FROM cleanup JOIN saga USING (saga_id) WHERE cleanup.state = 'PENDING'"
                    + " AND cleanup.next_attempt_at <= :now AND " + SagaFormat.KNOWN)
            + " AS cleanups,"
            + when("SELECT 1 FROM saga WHERE next_delivery_at IS NOT NULL AND next_delivery_at <= :now AND "
                    + SagaFormat.KNOWN)
            + " AS redeliveries,"
            + when("SELECT 1 FROM deletion WHERE " + DeletionRepository.UNFINISHED
                    + " AND next_attempt_at <= :now AND lease_until < :now")
            + " AS deletions";

    private static String when(String query) {
        return " CASE WHEN" + exists(query) + " THEN 1 ELSE 0 END";
    }

    private static String exists(String query) {
        return " EXISTS (" + query + ")";
    }

    static DueWork read(JournalDatabase db, Collection<String> left) {
        return db.sql
                .sql(SQL)
                .param("now", db.now())
                .param("left", left.isEmpty() ? List.of("") : left)
                .query((row, n) -> new DueWork(
                        row.getInt("commands") == 1,
                        row.getInt("stale") == 1,
                        row.getInt("publications") == 1,
                        row.getInt("cleanup_commands") == 1,
                        row.getInt("cleanups") == 1,
                        row.getInt("redeliveries") == 1,
                        row.getInt("deletions") == 1))
                .single();
    }
}

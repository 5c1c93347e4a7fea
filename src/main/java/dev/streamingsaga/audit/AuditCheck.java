package dev.streamingsaga.audit;

import dev.streamingsaga.audit.AuditFinding.FindingKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the audit log from its beginning to its end, and says what does not fit. */
final class AuditCheck {
    private static final int PAGE = 1000;
    private static final int MAX_FINDINGS = 100;

    /** How far from its place an entry is looked for that was moved. */
    private static final int MAX_DISTANCE = 1000;

    private final AuditLog log;
    private final List<AuditAnchor> anchors;
    private final List<AuditAnchor> archived;
    private final List<AuditFinding> findings = new ArrayList<>();
    private final Set<Long> found = new HashSet<>();
    private long entries;

    /** @param archived what entries of the log say was archived */
    AuditCheck(AuditLog log, List<AuditAnchor> anchors, List<AuditAnchor> archived) {
        this.log = log;
        this.anchors = anchors;
        this.archived = archived;
    }

    /** @param before the last entry that was archived */
    AuditReport run(AuditAnchor head, AuditAnchor before) {
        checkArchive(before);
        AuditAnchor last = checkEntries(head, before);
        checkEnd(head, last);
        anchors.forEach(anchor -> checkAnchor(anchor, before, last));
        return new AuditReport(entries, List.copyOf(findings), head);
    }

    private void checkArchive(AuditAnchor before) {
        if (before.sequence() > 0 && !archived.contains(before)) {
            add(
                    FindingKind.REMOVED,
                    before.sequence(),
                    "entries up to " + before.sequence() + " are missing, and no entry says that they were archived");
        }
    }

    private AuditAnchor checkEntries(AuditAnchor head, AuditAnchor before) {
        AuditAnchor last = before;
        List<AuditEntry> page = log.after(before.sequence(), PAGE);
        while (!page.isEmpty()) {
            for (AuditEntry entry : page) {
                if (entry.sequence() > head.sequence() && isNewer(head)) {
                    return last;
                }
                entries++;
                check(entry, last);
                last = new AuditAnchor(entry.sequence(), entry.hash());
            }
            page = log.after(last.sequence(), PAGE);
        }
        return last;
    }

    /** Whether entries were written since the check began. */
    private boolean isNewer(AuditAnchor head) {
        return log.newest().sequence() > head.sequence();
    }

    private void check(AuditEntry entry, AuditAnchor last) {
        if (entry.sequence() != last.sequence() + 1) {
            String missing = entry.sequence() == last.sequence() + 2
                    ? "entry " + (last.sequence() + 1) + " is"
                    : "entries " + (last.sequence() + 1) + " to " + (entry.sequence() - 1) + " are";
            add(FindingKind.REMOVED, last.sequence() + 1, missing + " missing");
        }
        if (!entry.hasItsHash()) {
            Optional<Long> place = originalPlace(entry);
            place.ifPresent(original -> addInserted(entry.sequence(), original));
            add(
                    place.isPresent() ? FindingKind.REORDERED : FindingKind.CHANGED,
                    entry.sequence(),
                    place.map(original -> "entry " + entry.sequence() + " was written as entry " + original)
                            .orElse("entry " + entry.sequence() + " was changed: its content does not have its hash"));
        } else if (entry.sequence() == last.sequence() + 1
                && !entry.previousHash().equals(last.hash())
                && !found.contains(last.sequence())) {
            add(
                    FindingKind.CHANGED,
                    last.sequence(),
                    "entry " + last.sequence() + " was replaced: entry " + entry.sequence() + " follows another one");
        }
    }

    /** An entry that the program has not written moves the entry that stood there. */
    private void addInserted(long sequence, long original) {
        if (original == sequence - 1 && !found.contains(original) && !found.contains(original - 1)) {
            add(FindingKind.INSERTED, original, "entry " + original + " was inserted");
        }
    }

    private static Optional<Long> originalPlace(AuditEntry entry) {
        for (long distance = 1; distance <= MAX_DISTANCE; distance++) {
            if (entry.at(entry.sequence() - distance).hasItsHash()) {
                return Optional.of(entry.sequence() - distance);
            }
            if (entry.at(entry.sequence() + distance).hasItsHash()) {
                return Optional.of(entry.sequence() + distance);
            }
        }
        return Optional.empty();
    }

    private void checkEnd(AuditAnchor head, AuditAnchor last) {
        if (last.sequence() < head.sequence()) {
            add(
                    FindingKind.REMOVED,
                    last.sequence() + 1,
                    "the newest entries are missing: the log ended with entry " + head.sequence()
                            + ", now it ends with entry " + last.sequence());
        } else if (last.sequence() > head.sequence()) {
            add(
                    FindingKind.INSERTED,
                    head.sequence() + 1,
                    "entries after " + head.sequence() + " were inserted: the log ended there");
        } else if (!last.hash().equals(head.hash()) && !found.contains(last.sequence())) {
            add(FindingKind.CHANGED, last.sequence(), "entry " + last.sequence() + ", the newest one, was replaced");
        }
    }

    private void checkAnchor(AuditAnchor anchor, AuditAnchor before, AuditAnchor last) {
        if (anchor.sequence() > last.sequence()) {
            add(
                    FindingKind.REMOVED,
                    last.sequence() + 1,
                    "the newest entries are missing: the log had entry " + anchor.sequence() + " (anchor), now it ends"
                            + " with entry " + last.sequence());
        } else if (anchor.sequence() >= before.sequence() && !log.contains(anchor)) {
            add(
                    FindingKind.CHANGED,
                    anchor.sequence(),
                    "entry " + anchor.sequence() + " is not the one that was remembered (anchor): the log was written"
                            + " again");
        }
    }

    private void add(FindingKind kind, long sequence, String message) {
        found.add(sequence);
        if (findings.size() < MAX_FINDINGS) {
            findings.add(new AuditFinding(kind, sequence, message));
        }
    }
}

package dev.streamingsaga.encryption;

import dev.streamingsaga.encryption.RotationProgress.State;
import dev.streamingsaga.journal.DocumentKey;
import dev.streamingsaga.journal.DocumentKeyRepository;
import dev.streamingsaga.journal.DocumentKeyRepository.OldKeys;
import dev.streamingsaga.journal.SingletonLease;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wraps the keys of documents again, by the current key encryption key. Chunks are not touched. For each saga the
 * journal records the new wrapped key, then the manifest gets it, then the journal replaces the old one: after a kill
 * at any moment the key can be read, and the next rotation continues. One rotation runs at a time, over all nodes.
 *
 * <p>A document that is deleted meanwhile stays deleted: if its manifest was written again, it is removed again.
 */
final class KeyRotation {
    private static final Logger LOG = LoggerFactory.getLogger(KeyRotation.class);
    private static final String LEASE = "key-rotation";
    private static final int BATCH = 100;
    private static final int MAX_ERRORS = 20;
    private static final int MAX_PASSES = 10;

    private final DocumentKeyRepository journal;
    private final SingletonLease leases;
    private final KeyRing ring;
    private final ManifestKeys manifests;

    private RotationProgress progress = RotationProgress.NOT_BEGUN;
    private volatile boolean stopped;

    KeyRotation(DocumentKeyRepository journal, SingletonLease leases, KeyRing ring, ManifestKeys manifests) {
        this.journal = journal;
        this.leases = leases;
        this.ring = ring;
        this.manifests = manifests;
    }

    synchronized RotationProgress progress() {
        return progress;
    }

    /** What a rotation would do now. */
    RotationProgress preview() {
        String current = ring.currentKeyId();
        OldKeys old = journal.countNotUnder(current);
        return new RotationProgress(State.NONE, current, old.ofEndedSagas(), 0, 0, old.ofUnfinishedSagas(), List.of());
    }

    /** Begins in the background, unless it runs. */
    synchronized RotationProgress begin(String threadName) {
        if (progress.state() != State.RUNNING) {
            RotationProgress expected = preview();
            progress = withState(expected, State.RUNNING);
            Thread thread = new Thread(this::run, threadName);
            thread.setDaemon(true);
            thread.start();
        }
        return progress;
    }

    /** Ends after the document that is being worked on. */
    void stop() {
        stopped = true;
    }

    private void run() {
        State end = State.STOPPED;
        try {
            if (leases.hold(LEASE)) {
                finishBegun();
                end = rotate() ? State.DONE : State.STOPPED;
            } else {
                error("another node rotates the keys now; this one did nothing");
            }
        } catch (RuntimeException e) {
            error(String.valueOf(e.getMessage()));
        } finally {
            end(end);
            leases.release(LEASE);
        }
    }

    private synchronized void end(State state) {
        progress = withState(progress, state);
        LOG.info(
                "rotation of keys {}: {} of {} wrapped by {}, {} failed, {} left to their unfinished sagas {}",
                state == State.DONE ? "ended" : "stopped",
                progress.rewrapped(),
                progress.total(),
                progress.currentKeyId(),
                progress.failed(),
                progress.unfinished(),
                progress.errors());
    }

    /** What an earlier rotation has journaled comes first: the manifest may have it. */
    private void finishBegun() {
        List<DocumentKey> begun = journal.inReplacement(BATCH);
        while (!begun.isEmpty() && mayContinue()) {
            begun.forEach(this::finish);
            begun = journal.inReplacement(BATCH);
        }
    }

    /** Sagas that end during a pass are found by the next one. */
    private boolean rotate() {
        Set<String> failed = new HashSet<>();
        for (int pass = 0; pass < MAX_PASSES; pass++) {
            long before = progress().rewrapped();
            if (!pass(failed)) {
                return false;
            }
            if (progress().rewrapped() == before) {
                break;
            }
        }
        unfinished(journal.countNotUnder(progress().currentKeyId()).ofUnfinishedSagas());
        return true;
    }

    /** @param failed sagas whose keys could not be wrapped again; not tried twice */
    private boolean pass(Set<String> failed) {
        String last = "";
        List<DocumentKey> keys = journal.notUnder(progress().currentKeyId(), last, BATCH);
        while (!keys.isEmpty()) {
            for (DocumentKey key : keys) {
                if (!mayContinue()) {
                    return false;
                }
                if (!failed.contains(key.sagaId()) && !rewrap(key)) {
                    failed.add(key.sagaId());
                }
            }
            last = keys.get(keys.size() - 1).sagaId();
            keys = journal.notUnder(progress().currentKeyId(), last, BATCH);
        }
        return true;
    }

    private boolean mayContinue() {
        if (stopped || Thread.currentThread().isInterrupted()) {
            error("this process stops");
            return false;
        }
        if (!leases.hold(LEASE)) {
            error("another node has taken the rotation over");
            return false;
        }
        return true;
    }

    /** @return false if no key unwraps it */
    private boolean rewrap(DocumentKey key) {
        KeyOwner owner = new KeyOwner(key.sagaId(), key.documentId());
        try {
            DataKey.Wrapped old =
                    new DataKey.Wrapped(key.keyId(), Base64.getDecoder().decode(key.wrapped()));
            DataKey.Wrapped young = ring.wrap(ring.unwrap(old, owner), owner);
            DocumentKey.Replacement next = new DocumentKey.Replacement(young.keyId(), young.base64());
            if (journal.beginReplacement(key, next)) {
                replace(key.sagaId(), next);
            }
            return true;
        } catch (UnknownKeyException | WrongKeyException e) {
            failed(String.valueOf(e.getMessage()));
            return false;
        }
    }

    private void finish(DocumentKey key) {
        DocumentKey.Replacement next = key.next().orElseThrow();
        if (key.isDestroyed()) {
            abandon(key.sagaId());
        } else {
            replace(key.sagaId(), next);
        }
    }

    private void replace(String sagaId, DocumentKey.Replacement next) {
        manifests.replace(
                sagaId, new DataKey.Wrapped(next.keyId(), Base64.getDecoder().decode(next.wrapped())));
        if (journal.endReplacement(sagaId, next)) {
            rewrapped();
        } else if (journal.find(sagaId).filter(DocumentKey::isDestroyed).isPresent()) {
            abandon(sagaId);
        }
    }

    private void abandon(String sagaId) {
        manifests.remove(sagaId);
        journal.abandonReplacement(sagaId);
    }

    private synchronized void rewrapped() {
        progress = new RotationProgress(
                progress.state(),
                progress.currentKeyId(),
                Math.max(progress.total(), progress.rewrapped() + 1),
                progress.rewrapped() + 1,
                progress.failed(),
                progress.unfinished(),
                progress.errors());
    }

    private synchronized void failed(String error) {
        progress = new RotationProgress(
                progress.state(),
                progress.currentKeyId(),
                progress.total(),
                progress.rewrapped(),
                progress.failed() + 1,
                progress.unfinished(),
                progress.errors());
        error(error);
    }

    private synchronized void unfinished(long keys) {
        progress = new RotationProgress(
                progress.state(),
                progress.currentKeyId(),
                progress.total(),
                progress.rewrapped(),
                progress.failed(),
                keys,
                progress.errors());
    }

    private synchronized void error(String error) {
        List<String> errors = new ArrayList<>(progress.errors());
        if (errors.size() < MAX_ERRORS) {
            errors.add(error);
        }
        progress = new RotationProgress(
                progress.state(),
                progress.currentKeyId(),
                progress.total(),
                progress.rewrapped(),
                progress.failed(),
                progress.unfinished(),
                List.copyOf(errors));
    }

    private static RotationProgress withState(RotationProgress progress, State state) {
        return new RotationProgress(
                state,
                progress.currentKeyId(),
                progress.total(),
                progress.rewrapped(),
                progress.failed(),
                progress.unfinished(),
                progress.errors());
    }
}

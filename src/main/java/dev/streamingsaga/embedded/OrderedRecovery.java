package dev.streamingsaga.embedded;

import com.arjuna.ats.arjuna.common.RecoveryEnvironmentBean;
import com.arjuna.ats.arjuna.common.Uid;
import com.arjuna.ats.arjuna.exceptions.ObjectStoreException;
import com.arjuna.ats.arjuna.objectstore.RecoveryStore;
import com.arjuna.ats.arjuna.objectstore.StateStatus;
import com.arjuna.ats.arjuna.objectstore.StoreManager;
import com.arjuna.ats.arjuna.state.InputObjectState;
import com.arjuna.ats.internal.arjuna.common.UidHelper;
import io.narayana.lra.LRAConstants;
import io.narayana.lra.LRAData;
import io.narayana.lra.coordinator.domain.model.LongRunningAction;
import io.narayana.lra.coordinator.domain.service.LRAService;
import io.narayana.lra.coordinator.internal.LRARecoveryModule;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.microprofile.lra.annotation.LRAStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recovery that leaves alone what is not to be recovered. Narayana's own pass reads every LRA in the store into a
 * second object and arms a second timer, also for those that are active in memory: that timer, which nobody can cancel,
 * compensates an LRA at its deadline after it was closed. Here a pass
 *
 * <ul>
 *   <li>skips an LRA that is active in memory, and one whose participants are just being called;
 *   <li>reads one that is only in the store, after a restart, with its order and its deadline ({@link RestoredLra});
 *   <li>calls the participants again that have not yet agreed, the one that joined last first;
 *   <li>forgets one that timed out before anybody joined it, which Narayana keeps for ever.
 * </ul>
 *
 * <p>It replaces Narayana's module by extending it, since Narayana finds its module by that type; whatever is
 * package-private there is not touched, so neither reflection nor a class in a foreign package is needed.
 */
final class OrderedRecovery extends LRARecoveryModule {
    private static final Logger LOG = LoggerFactory.getLogger(OrderedRecovery.class);
    private static final String TYPE = LongRunningAction.getType();

    private final RecoveryStore store = StoreManager.getRecoveryStore();

    /**
     * Makes this the only recovery module; before the first use of the recovery manager, once the store is configured.
     */
    static void install(RecoveryEnvironmentBean settings) {
        if (!settings.getRecoveryModuleClassNames().equals(List.of(OrderedRecovery.class.getName()))) {
            settings.setRecoveryModules(List.of(new OrderedRecovery()));
        }
    }

    /** Refuses to go on with another module, which would bring back what this one is for. */
    static void checkInstalled() {
        LRARecoveryModule used = LRARecoveryModule.getInstance();
        if (!(used instanceof OrderedRecovery)) {
            throw new IllegalStateException(
                    "the LRA coordinator of this JVM was started by somebody else, with the recovery module "
                            + used.getClass().getName() + "; it would compensate closed LRAs, so it is not used");
        }
    }

    @Override
    public void periodicWorkSecondPass() {
        recover();
    }

    /** One pass over the store. A failure with one LRA does not keep the others from being recovered. */
    @Override
    public synchronized void recover() {
        LRAService service = LRARecoveryModule.getService();
        // First the store, then the memory: what ends in between is gone from the store when it is looked at again.
        List<Uid> stored = stored();
        Map<String, LRAData> inMemory = inMemory(service);
        for (Uid uid : stored) {
            try {
                LRAData known = inMemory.get(uid.fileStringForm());
                if (known == null) {
                    restore(service, uid);
                } else if (known.getStatus() != LRAStatus.Active) {
                    locked(service, known.getLraId(), () -> resume(service, uid, known.getLraId()));
                }
            } catch (ObjectStoreException | RuntimeException e) {
                LOG.warn("LRA {} cannot be recovered now, the next pass tries again", uid.fileStringForm(), e);
            }
        }
    }

    private List<Uid> stored() {
        List<Uid> uids = new ArrayList<>();
        InputObjectState packed = new InputObjectState();
        try {
            if (store.allObjUids(TYPE, packed)) {
                for (Uid uid = UidHelper.unpackFrom(packed);
                        !uid.equals(Uid.nullUid());
                        uid = UidHelper.unpackFrom(packed)) {
                    uids.add(uid);
                }
            }
        } catch (ObjectStoreException | IOException e) {
            LOG.warn("the coordinator's store cannot be listed, the next pass tries again", e);
        }
        return uids;
    }

    /** Waits for a start that has written its LRA but not yet made it known: such a one is not to be restored. */
    private static Map<String, LRAData> inMemory(LRAService service) {
        synchronized (service) {
            return service.getAll().stream()
                    .collect(Collectors.toMap(
                            lra -> LRAConstants.getLRAUid(lra.getLraId()),
                            Function.identity(),
                            (first, second) -> first));
        }
    }

    private boolean isStored(Uid uid) throws ObjectStoreException {
        return store.currentState(uid, TYPE) != StateStatus.OS_UNKNOWN;
    }

    /** An LRA of an earlier process: from now on it lives in this one. */
    private void restore(LRAService service, Uid uid) throws ObjectStoreException {
        RestoredLra lra = new RestoredLra(service, uid);
        if (!isStored(uid) || !lra.activate()) {
            return;
        }
        if (lra.isFailed()) {
            moveEntryToFailedLRAPath(uid);
            return;
        }
        lra.takeCharge();
        if (lra.getLRAStatus() != LRAStatus.Active) {
            locked(service, lra.getId(), lra::callParticipants);
        }
    }

    /** An LRA in memory that has ended, or waits for participants; its lock is held, so nobody else works on it. */
    private void resume(LRAService service, Uid uid, URI id) throws ObjectStoreException {
        LongRunningAction known = service.lookupTransaction(id);
        if (known == null || !isStored(uid)) {
            return;
        }
        boolean ended = known.getLRAStatus() == LRAStatus.Cancelled || known.getLRAStatus() == LRAStatus.Closed;
        if (ended && !known.isRecovering()) {
            removeCommitted(uid);
            service.remove(id);
            return;
        }
        RestoredLra copy = new RestoredLra(service, uid);
        if (!copy.activate()) {
            return;
        }
        if (copy.isFailed()) {
            moveEntryToFailedLRAPath(uid);
        } else if (copy.isRecovering() && copy.isCancel() == known.isCancel()) {
            // They differ if the decision to close could not be written and the deadline has passed: the one in memory
            // goes on by itself.
            copy.callParticipants();
        }
    }

    private static void locked(LRAService service, URI id, Step step) throws ObjectStoreException {
        ReentrantLock lock = service.tryLockTransaction(id);
        if (lock != null) {
            try {
                step.run();
            } finally {
                lock.unlock();
            }
        }
    }

    private interface Step {
        void run() throws ObjectStoreException;
    }
}

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
 * Recovers only LRAs that need it. Narayana's own pass reads every LRA in the store into a second object and starts a
 * second timer, even for LRAs that are active in memory. That timer cannot be cancelled, and compensates an LRA at its
 * deadline even if it was closed. Here a pass
 *
 * <ul>
 *   <li>skips an LRA that is active in memory, or whose participants are being called;
 *   <li>restores an LRA that is only in the store, after a restart, with its order and its deadline
 *       ({@link RestoredLra});
 *   <li>calls participants again that have not confirmed yet, the last joined first;
 *   <li>removes an LRA that timed out before any participant joined, which Narayana keeps forever.
 * </ul>
 *
 * <p>Extends Narayana's module in order to replace it, because Narayana finds its module by that type. Uses no
 * package-private members, so it needs neither reflection nor a class in a foreign package.
 */
final class OrderedRecovery extends LRARecoveryModule {
    private static final Logger LOG = LoggerFactory.getLogger(OrderedRecovery.class);
    private static final String TYPE = LongRunningAction.getType();

    private final RecoveryStore store = StoreManager.getRecoveryStore();

    /**
     * Installs this as the only recovery module. Call it after the store is configured and before the first use of the
     * recovery manager.
     */
    static void install(RecoveryEnvironmentBean settings) {
        if (!settings.getRecoveryModuleClassNames().equals(List.of(OrderedRecovery.class.getName()))) {
            settings.setRecoveryModules(List.of(new OrderedRecovery()));
        }
    }

    /** Fails if another module is active, because that would restore Narayana's own behaviour. */
    static void checkInstalled() {
        LRARecoveryModule used = LRARecoveryModule.getInstance();
        if (!(used instanceof OrderedRecovery)) {
            throw new IllegalStateException(
                    "the LRA coordinator of this JVM was started by other code, with the recovery module "
                            + used.getClass().getName() + "; it would compensate closed LRAs, so it is not used");
        }
    }

    @Override
    public void periodicWorkSecondPass() {
        recover();
    }

    /** Runs one pass over the store. A failure of one LRA does not affect the others. */
    @Override
    public synchronized void recover() {
        LRAService service = LRARecoveryModule.getService();
        // First the store, then the memory: an LRA that ends in between is gone when the store is checked again.
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
                LOG.warn("cannot recover LRA {} now; the next pass retries it", uid.fileStringForm(), e);
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
            LOG.warn("cannot list the coordinator's store; the next pass retries it", e);
        }
        return uids;
    }

    /** Synchronizes with a start that has stored its LRA but not registered it yet: that one must not be restored. */
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

    /** Takes over an LRA of an earlier process. */
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

    /** Continues an LRA in memory that has ended or waits for participants. The caller holds its lock. */
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
            // They differ if the decision to close could not be stored and the deadline has passed: then the LRA in
            // memory continues on its own.
            copy.callParticipants();
        }
    }

    private static void locked(LRAService service, URI id, LockedAction action) throws ObjectStoreException {
        ReentrantLock lock = service.tryLockTransaction(id);
        if (lock != null) {
            try {
                action.run();
            } finally {
                lock.unlock();
            }
        }
    }

    private interface LockedAction {
        void run() throws ObjectStoreException;
    }
}

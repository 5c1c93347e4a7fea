package dev.streamingsaga.embedded;

import com.arjuna.ats.arjuna.common.Uid;
import com.arjuna.ats.arjuna.state.InputObjectState;
import io.narayana.lra.coordinator.domain.model.LongRunningAction;
import io.narayana.lra.coordinator.domain.service.LRAService;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.microprofile.lra.annotation.LRAStatus;
import org.jspecify.annotations.Nullable;

/**
 * An LRA read from the coordinator's store, with its participants in their original order. No timer runs until
 * {@link #takeCharge}, so a copy of an LRA that is also in memory has no effect.
 */
final class RestoredLra extends LongRunningAction {
    private volatile boolean inCharge;
    private long millisLeft;

    RestoredLra(LRAService service, Uid uid) {
        super(service, uid);
    }

    @Override
    public boolean restore_state(InputObjectState state, int type) {
        if (!super.restore_state(state, type)) {
            return false;
        }
        // A list is written from front to rear but read by inserting at the front, which would compensate the first
        // joined first.
        preparedList = invert(preparedList);
        pendingList = invert(pendingList);
        heuristicList = invert(heuristicList);
        return true;
    }

    /** Only records the remaining time while the state is read. */
    @Override
    public int setTimeLimit(Long millis, boolean save) {
        if (inCharge) {
            return super.setTimeLimit(millis, save);
        }
        millisLeft = millis;
        return Response.Status.OK.getStatusCode();
    }

    /** Timers need the lock first. A timer that Narayana started while reading the state does not get it. */
    @Override
    protected @Nullable ReentrantLock tryLockTransaction() {
        return inCharge ? super.tryLockTransaction() : null;
    }

    /** Registers this object as the coordinator's LRA and starts the timer for its deadline. */
    void takeCharge() {
        getLraService().addTransaction(this);
        inCharge = true;
        if (getLRAStatus() == LRAStatus.Active && millisLeft > 0) {
            // Narayana starts no timer that ends before the stored deadline, and truncates this one to milliseconds:
            // add
            // one.
            super.setTimeLimit(millisLeft + 1, false);
        }
    }

    /**
     * Calls every participant that has not confirmed the end of this LRA yet, the last joined first, regardless of the
     * answers of the others. Removes the LRA if all have confirmed. The caller holds the lock of the LRA.
     */
    void callParticipants() {
        // Participants that were called before are in the opposite order: first joined, first in the list.
        moveTo(heuristicList, preparedList, false);
        moveTo(pendingList, preparedList, true);
        checkParticipant(preparedList);
        phase2Commit(true);
        runPostLRAActions();
        if (!isRecovering()) {
            getLraService().finished(this, false);
        }
    }
}

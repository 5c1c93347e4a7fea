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
 * An LRA read from the coordinator's store, with its participants in the order they had in memory. Until it takes
 * charge no timer ends it, so that a mere copy of an LRA that lives in memory is harmless.
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
        // A list is written from front to rear, and read by putting each at the front: without this, first joined is
        // first compensated.
        preparedList = invert(preparedList);
        pendingList = invert(pendingList);
        heuristicList = invert(heuristicList);
        return true;
    }

    /** While the state is read, the time left is only noted. */
    @Override
    public int setTimeLimit(Long millis, boolean save) {
        if (inCharge) {
            return super.setTimeLimit(millis, save);
        }
        millisLeft = millis;
        return Response.Status.OK.getStatusCode();
    }

    /** Timers ask for the lock first. One that Narayana started while the state was read has to do without. */
    @Override
    protected @Nullable ReentrantLock tryLockTransaction() {
        return inCharge ? super.tryLockTransaction() : null;
    }

    /** From now on this is the LRA that the coordinator knows, and it ends at its deadline. */
    void takeCharge() {
        getLraService().addTransaction(this);
        inCharge = true;
        if (getLRAStatus() == LRAStatus.Active && millisLeft > 0) {
            // Narayana arms no timer that ends before the deadline it knows, and cut this one to whole milliseconds:
            // hence one more.
            super.setTimeLimit(millisLeft + 1, false);
        }
    }

    /**
     * Calls every participant that has not yet agreed to the end of this LRA, the one that joined last first, whatever
     * the others answer; forgets the LRA if all have agreed. The caller holds the LRA's lock.
     */
    void callParticipants() {
        // Those that were called before are kept the other way round: first joined, first in the list.
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

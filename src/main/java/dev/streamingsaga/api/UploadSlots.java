package dev.streamingsaga.api;

import java.util.concurrent.Semaphore;

/** Bounds the number of bodies that are received at a time. */
final class UploadSlots {
    private final int limit;
    private final Semaphore slots;

    UploadSlots(int limit) {
        this.limit = limit;
        this.slots = new Semaphore(limit);
    }

    /** @throws Problem 429 if none is free */
    void acquire() {
        if (!slots.tryAcquire()) {
            throw new Problem(
                            429,
                            "too-many-uploads",
                            limit + " uploads are running (saga.http.max-uploads); nothing was read, try again later")
                    .header("Retry-After", "5");
        }
    }

    void release() {
        slots.release();
    }
}

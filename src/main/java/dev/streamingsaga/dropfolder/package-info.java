/**
 * The way in by a folder: a file is taken when it is complete, ingested, and moved to {@code .done} or {@code .failed}
 * with its outcome as {@code .json} beside it, or kept where it is.
 *
 * <p>Guarantees: each state of a file gets one saga, however many processes look at the folder and whenever they are
 * killed. What has become of a file is asked of the journal, by its path and by inode, size and times, never of a
 * memory of ours; so a file whose saga has ended is moved by whoever looks next. A file is not moved before its saga
 * has its outcome: a saga that is resumed needs it. The outcome is written before the file is moved, both appear whole,
 * and neither replaces anything. A file that a process has open for writing is waited for, as far as the system tells.
 * One that changes after its saga has ended is ingested again, and an alert names the document that holds only what was
 * there before; which files are looked at for that is in the journal. Of two journals one takes the files. Links are
 * never followed; what is no regular file stays where it is. Contents are only read. One file that resists does not
 * keep the others from their turn.
 *
 * <p>Not Camel's {@code file} component: its move and its idempotent repository come after the exchange and know
 * nothing of a kill, and it looks through symbolic links. With both switched off a timer and a directory listing would
 * remain of it.
 */
@NullMarked
package dev.streamingsaga.dropfolder;

import org.jspecify.annotations.NullMarked;

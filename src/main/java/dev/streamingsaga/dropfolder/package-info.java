/**
 * Ingestion from a folder. A file is ingested once it is complete. Then it is moved to {@code .done} or
 * {@code .failed}, with its outcome as {@code .json} beside it, or kept where it is.
 *
 * <p>Guarantees:
 *
 * <ul>
 *   <li>Each state of a file gets one saga, however many processes scan the folder and whenever they are killed. The
 *       journal knows what became of a file, by path, inode, size and times; memory never decides. So any process can
 *       move a file whose saga has ended.
 *   <li>A file is moved only after its saga has its outcome, since a resumed saga needs the file. The outcome is
 *       written before the file is moved. Both appear atomically, and neither replaces another file.
 *   <li>A file that a process has open for writing waits, as far as the system shows this. A file that changes after
 *       its saga has ended is ingested again, and an alert names the document with the earlier content. The journal
 *       lists the files that are rechecked for this.
 *   <li>Only one journal ingests the files of a folder.
 *   <li>Links are never followed, and only regular files are ingested. Contents are only read.
 *   <li>A file that keeps failing does not block the others.
 * </ul>
 *
 * <p>Camel's {@code file} component can keep these guarantees with strategies of ours, but the code would not be
 * smaller; see {@code docs/decisions/drop-folder.md}.
 */
@Internal
@NullMarked
package dev.streamingsaga.dropfolder;

import dev.streamingsaga.annotation.Internal;
import org.jspecify.annotations.NullMarked;

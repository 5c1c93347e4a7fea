package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.DocumentConfig.OnFailure;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.source.DocumentSource;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What happens to the warnings of an outline. */
@Tag("unit")
class OutlineCacheTest {
    private static final Document DOCUMENT = new Document(
            "document",
            "saga",
            Path.of("/in/offer.pdf"),
            "offer.pdf",
            "application/pdf",
            1,
            "a".repeat(64),
            1,
            8 << 20,
            "bucket",
            "saga/document/saga/",
            "owner",
            "internal",
            "none",
            Instant.EPOCH,
            new SourceIdentity("", 1, 0, 0));

    private final PlainContent content = new PlainContent(null);

    private OutlineCache cache(OnFailure onFailure) {
        return new OutlineCache(content, run -> DocumentSource.of(run.document().path()), onFailure);
    }

    private static Outline outline(WarningCode code) {
        return new Outline(0, List.of(), "", "", List.of(new Warning(code, "page 3", "a test")));
    }

    private static OpenRun run() {
        return new OpenRun(DOCUMENT, 1, 1);
    }

    @Test
    void journals_the_warnings_of_a_document_that_is_kept() {
        for (WarningCode code : WarningCode.values()) {
            OpenRun run = run();
            OutlineCache cache = cache(OnFailure.KEEP);
            OutlineCache.journal(run, outline(code));
            cache.remember(run, outline(code));

            assertThat(run.warnings()).extracting(Warning::code).containsExactly(code);
            assertThat(cache.of(run)).isEqualTo(outline(code));
            assertThat(content.outlined).hasValue(0);
        }
    }

    @Test
    void rejects_a_document_only_if_reading_failed() {
        EnumSet<WarningCode> rejected = EnumSet.of(
                WarningCode.LOCKED,
                WarningCode.DAMAGED,
                WarningCode.OUT_OF_MEMORY,
                WarningCode.CPU_TIME,
                WarningCode.DISK_LIMIT,
                WarningCode.STALLED,
                WarningCode.READER_DIED,
                WarningCode.NO_READER);
        for (WarningCode code : WarningCode.values()) {
            OpenRun run = run();
            OutlineCache cache = cache(OnFailure.REJECT);
            OutlineCache.journal(run, outline(code));
            if (rejected.contains(code)) {
                assertThatThrownBy(() -> cache.remember(run, outline(code)))
                        .isInstanceOfSatisfying(
                                SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FILE_NOT_READABLE))
                        .hasMessage("the text of offer.pdf cannot be read completely, page 3: a test (" + code
                                + "); it is not stored because saga.content.on-failure is reject; give a file that can"
                                + " be read, or set it to keep");
            } else {
                cache.remember(run, outline(code));
            }
        }
    }

    @Test
    void does_not_use_the_outline_of_another_run() {
        OutlineCache cache = cache(OnFailure.KEEP);
        cache.remember(run(), outline(WarningCode.DAMAGED));
        OpenRun later = new OpenRun(DOCUMENT, 2, 1);
        later.textRead(new TextOutcome(List.of(3), "", "", OptionalLong.empty()));

        assertThat(cache.of(later).segments()).isEqualTo(3);
    }

    @Test
    void a_repair_keeps_the_document_whatever_is_found() {
        Run repair = new OpenRun(DOCUMENT, 1, 1) {
            @Override
            public boolean isRepair() {
                return true;
            }
        };
        OutlineCache cache = cache(OnFailure.REJECT);

        cache.remember(repair, outline(WarningCode.LOCKED));

        assertThat(cache.of(repair)).isEqualTo(outline(WarningCode.LOCKED));
    }
}

package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import org.springframework.jdbc.core.JdbcTemplate;

/** The language of a stored document. */
final class DocumentLanguage {
    /** Read to decide; more than the table of contents of most documents. */
    private static final int SEGMENTS = 40;

    private DocumentLanguage() {}

    /** Returns its ISO 639-1 code; empty if it cannot be decided. */
    static String of(JdbcTemplate queries, DocumentContent content, String sagaId) {
        return content.language(String.join(
                "\n",
                queries.queryForList(
                        "select text from vector_segment where saga_id = ? and ordinal < " + SEGMENTS
                                + " order by ordinal",
                        String.class,
                        sagaId)));
    }
}

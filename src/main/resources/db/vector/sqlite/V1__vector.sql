create table vector_document (
    saga_id     text    primary key,
    document_id text    not null,
    run         integer not null,
    file_name   text    not null,
    model       text    not null,
    dimension   integer not null check (dimension > 0),
    pages       integer not null default 0,
    segments    integer not null default 0,
    visible     integer not null default 0 check (visible in (0, 1))
) strict, without rowid;

-- vector: float32, little-endian, unit length. id only ties a row to its words.
create table vector_segment (
    id          integer primary key,
    saga_id     text    not null,
    document_id text    not null,
    run         integer not null,
    page        integer not null,
    ordinal     integer not null,
    text        text    not null,
    model       text    not null,
    dimension   integer not null,
    vector      blob    not null check (length(vector) = 4 * dimension),
    unique (saga_id, ordinal)
) strict;

-- The word index keeps no text of its own. "Müller" is found by Müller, müller and Muller.
create virtual table vector_words using fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');

-- Triggers: a segment and its words are written and removed in one transaction, whoever does it.
create trigger vector_segment_inserted after insert on vector_segment begin
    insert into vector_words (rowid, text) values (new.id, new.text);
end;
create trigger vector_segment_deleted after delete on vector_segment begin
    delete from vector_words where rowid = old.id;
end;

-- Counts on whenever the set of visible documents changes: copies in memory are as old as the number they were read at.
create table vector_revision (
    id       integer primary key check (id = 1),
    revision integer not null
) strict;
insert into vector_revision (id, revision) values (1, 0);

create trigger vector_document_shown after update of visible on vector_document when old.visible <> new.visible begin
    update vector_revision set revision = revision + 1;
end;
create trigger vector_document_removed after delete on vector_document when old.visible = 1 begin
    update vector_revision set revision = revision + 1;
end;

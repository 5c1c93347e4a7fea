-- Needs pgvector 0.5 or newer. Where the role may not create extensions, an administrator does it once; then this does nothing.
create extension if not exists vector;

create table vector_document (
    saga_id     text     primary key,
    document_id text     not null,
    run         integer  not null,
    file_name   text     not null,
    model       text     not null,
    dimension   integer  not null check (dimension > 0),
    pages       integer  not null default 0,
    segments    integer  not null default 0,
    visible     smallint not null default 0 check (visible in (0, 1))
);

-- The column takes vectors of any dimension, each row names its own. Exact search; for millions of segments add, for each model,
--   create index on vector_segment using hnsw ((vector::vector(384)) vector_cosine_ops) where model = '…'
-- words: the words as they stand and without accents, and German and English stems ("Verträge" is found by Vertrag).
create table vector_segment (
    saga_id     text    not null,
    document_id text    not null,
    run         integer not null,
    page        integer not null,
    ordinal     integer not null,
    text        text    not null,
    model       text    not null,
    dimension   integer not null,
    vector      vector  not null check (vector_dims(vector) = dimension),
    words       tsvector generated always as (
        to_tsvector('simple', translate(lower(text), 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy'))
        || to_tsvector('german', text) || to_tsvector('english', text)) stored,
    primary key (saga_id, ordinal)
);

create index vector_segment_by_words on vector_segment using gin (words);

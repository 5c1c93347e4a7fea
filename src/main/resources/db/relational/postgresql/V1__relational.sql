-- What people ask about a document without reading it; one row for each saga. Times are ISO-8601 in UTC.
create table relational_document (
    saga_id      text    primary key,
    document_id  text    not null,
    run          integer not null,
    file_name    text    not null,
    content_type text    not null,
    size_bytes   bigint  not null check (size_bytes >= 0),
    sha256       text    not null check (length(sha256) = 64),
    chunk_count  integer not null,
    chunk_size_bytes bigint  not null,
    bucket       text    not null,
    key_prefix   text    not null,
    pages        integer not null,
    segments     integer not null,
    title        text    not null,
    author       text    not null,
    owner        text    not null,
    received     text    not null,
    written      text    not null,
    completed    text,
    visible      smallint not null default 0 check (visible in (0, 1))
);

create index relational_document_by_document on relational_document (document_id);
create index relational_document_by_sha256 on relational_document (sha256);

-- The structure of a document as nodes and edges. Ids are known beforehand: <saga>, <saga>/p12, <saga>/p12/s3
-- (s3: the segment's ordinal in the whole document, the same as in the vector store).
create table graph_document (
    saga_id     text    primary key,
    document_id text    not null,
    run         integer not null,
    file_name   text    not null,
    visible     integer not null default 0 check (visible in (0, 1))
) strict, without rowid;

create table graph_node (
    id          text    primary key,
    saga_id     text    not null,
    document_id text    not null,
    run         integer not null,
    kind        text    not null check (kind in ('document', 'page', 'segment')),
    page        integer not null,
    ordinal     integer not null,
    label       text    not null
) strict, without rowid;

create index graph_node_by_saga on graph_node (saga_id);

create table graph_edge (
    source      text    not null,
    target      text    not null,
    kind        text    not null check (kind in ('contains', 'next')),
    saga_id     text    not null,
    document_id text    not null,
    run         integer not null,
    primary key (source, target, kind)
) strict, without rowid;

create index graph_edge_by_target on graph_edge (target);
create index graph_edge_by_saga on graph_edge (saga_id);

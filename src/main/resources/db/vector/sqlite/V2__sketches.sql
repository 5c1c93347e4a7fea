-- Sketches of the vectors of a batch of segments, derived from them: see VectorSketch, which also defines the format.
create table vector_sketch (
    saga_id       text    not null,
    first_ordinal integer not null,
    format        integer not null,
    sketches      blob    not null,
    primary key (saga_id, first_ordinal)
) strict, without rowid;

-- shown: the revision at which a document became visible or was written again; 0 for documents that are older than this column.
alter table vector_document add column shown integer not null default 0;
create index vector_document_by_shown on vector_document (shown, saga_id) where visible = 1;

-- removed: counts the segments that are no longer visible.
alter table vector_revision add column removed integer not null default 0;

drop trigger vector_document_shown;
create trigger vector_document_shown after update of visible on vector_document
when old.visible = 0 and new.visible = 1 begin
    update vector_revision set revision = revision + 1;
    update vector_document set shown = (select revision from vector_revision) where saga_id = new.saga_id;
end;
create trigger vector_document_hidden after update of visible on vector_document
when old.visible = 1 and new.visible = 0 begin
    update vector_revision set revision = revision + 1, removed = removed + old.segments;
end;
create trigger vector_document_rewritten after update of segments on vector_document
when old.visible = 1 and new.visible = 1 begin
    update vector_revision set revision = revision + 1, removed = removed + old.segments;
    update vector_document set shown = (select revision from vector_revision) where saga_id = new.saga_id;
end;

drop trigger vector_document_removed;
create trigger vector_document_removed after delete on vector_document when old.visible = 1 begin
    update vector_revision set revision = revision + 1, removed = removed + old.segments;
end;

create trigger vector_sketch_removed after delete on vector_document begin
    delete from vector_sketch where saga_id = old.saga_id;
end;
create trigger vector_sketch_of_other_model after update of model, dimension on vector_document
when old.model <> new.model or old.dimension <> new.dimension begin
    delete from vector_sketch where saga_id = new.saga_id;
end;

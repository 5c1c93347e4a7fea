-- segmentation: fingerprint of what decides how the text of a document is split into segments. '': older than this column.
alter table vector_document add column segmentation text not null default '';

create trigger vector_sketch_of_other_segmentation after update of segmentation on vector_document
when old.segmentation <> new.segmentation begin
    delete from vector_sketch where saga_id = new.saga_id;
end;

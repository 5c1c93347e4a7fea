-- segmentation: fingerprint of what decides how the text of a document is split into segments. '': older than this column.
alter table vector_document add column segmentation text not null default '';

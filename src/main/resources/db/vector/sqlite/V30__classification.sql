-- What somebody may see who is limited to some classifications. Documents of an older version get theirs in the
-- background; until then only those find them who may see everything.
alter table vector_document add column classification text not null default '';
create index vector_document_without_classification on vector_document (saga_id) where classification = '';

-- What filters of a search compare, and the language of a document ('': not decided). Documents of an older version get
-- theirs in the background. file_key: the name in lower case.
alter table vector_document add column language text not null default '';
alter table vector_document add column owner text not null default '';
alter table vector_document add column content_type text not null default '';
alter table vector_document add column received text not null default '';
alter table vector_document add column file_key text not null default '';
update vector_document set file_key = lower(file_name);

-- part: the path to the part of a document that a segment stands in, such as an attachment; '': the document itself.
alter table vector_segment add column part text not null default '';

-- word_format: the format of the words of a document, see WordIndex; 0: its words are only in vector_old_words.
alter table vector_document add column word_format integer not null default 0;
create index vector_document_without_words on vector_document (saga_id) where word_format = 0;

drop trigger vector_segment_inserted;
drop trigger vector_segment_deleted;
alter table vector_words rename to vector_old_words;

-- Words and parts of words as WordIndex makes them. Neither keeps the text.
create virtual table vector_words using fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'ascii');
create virtual table vector_parts using fts5 (
    parts, content = '', contentless_delete = 1, tokenize = 'ascii', detail = 'none');

-- Triggers: a segment is removed with its words in one transaction, whoever does it.
create trigger vector_segment_deleted after delete on vector_segment begin
    delete from vector_words where rowid = old.id;
    delete from vector_parts where rowid = old.id;
end;
-- Dropped with its table, when all documents have words of the new format.
create trigger vector_segment_deleted_old after delete on vector_segment begin
    delete from vector_old_words where rowid = old.id;
end;

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

-- word_format: the format of the words of a document, see WordIndex; 0: its words are only in vector_segment.words.
alter table vector_document add column word_format integer not null default 0;
create index vector_document_without_words on vector_document (saga_id) where word_format = 0;

-- New rows leave it empty. When every document has its words in vector_words and no process of an older version runs,
-- the column can be dropped.
alter table vector_segment alter column words drop expression;

-- words: as WordIndex makes them. parts: hashes of each three adjacent letters of a word.
create table vector_words (
    saga_id text       not null,
    ordinal integer    not null,
    words   tsvector   not null,
    parts   smallint[] not null,
    primary key (saga_id, ordinal),
    foreign key (saga_id, ordinal) references vector_segment on delete cascade
);

create index vector_words_by_words on vector_words using gin (words);
create index vector_words_by_parts on vector_words using gin (parts);

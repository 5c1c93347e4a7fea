-- part_page: the page of the part that a segment stands in, from 1; 0 for segments that are older than this column.
alter table vector_segment add column part_page integer not null default 0;

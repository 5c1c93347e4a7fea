-- One record for each saga. A second version of a document has its own row: keys are by saga, never by document.
create table security_document (
    saga_id        text     primary key,
    document_id    text     not null,
    run            integer  not null,
    sha256         text     not null check (length(sha256) = 64),
    owner          text     not null,
    classification text     not null check (classification in ('public', 'internal', 'confidential', 'restricted')),
    key_id         text     not null,
    created        text     not null,
    visible        smallint not null default 0 check (visible in (0, 1))
);

create index security_document_by_document on security_document (document_id);

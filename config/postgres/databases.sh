#!/bin/bash
# Run once by the postgres image, on an empty volume: a database and a role for the journal and for each store. No role can
# connect to another's database. The vector extension is made here, since a store's own role may not.
set -euo pipefail

create() {
    psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v name="$1" -v password="$2" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke all on database :"name" from public;
SQL
}

create saga_journal "$SAGA_JOURNAL_PASSWORD"
create saga_security "$SAGA_STORE_SECURITY_PASSWORD"
create saga_vector "$SAGA_STORE_VECTOR_PASSWORD"
create saga_graph "$SAGA_STORE_GRAPH_PASSWORD"
create saga_relational "$SAGA_STORE_RELATIONAL_PASSWORD"
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d saga_vector -c 'create extension if not exists vector'

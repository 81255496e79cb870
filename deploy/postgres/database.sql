-- For a Postgres that somebody else runs: the database of the book and its owner, made once by a
-- superuser with `psql -v owner_password=... -f deploy/postgres/database.sql`. The migrations do the rest
-- as this owner: they make the roles of the services, schema `book`, its views and the rights on them.
create role rollcall_owner login createrole password :'owner_password';
create database rollcall owner rollcall_owner;
-- The roles of the services do not exist yet, so the right to connect stays with everyone; who has none on
-- schema `book` sees nothing of it.
revoke temporary on database rollcall from public;

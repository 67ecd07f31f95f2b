-- Once, as a superuser of PostgreSQL 15 or newer:
--   psql -v owner_password=… -v app_password=… -f deploy/roles.sql
-- The owner migrates. The application's role reads and writes rows, and owns nothing.
CREATE ROLE turnaround_owner LOGIN NOSUPERUSER NOCREATEDB PASSWORD :'owner_password';
CREATE ROLE turnaround_app LOGIN NOSUPERUSER NOCREATEDB PASSWORD :'app_password';
CREATE DATABASE turnaround OWNER turnaround_owner ENCODING 'UTF8' TEMPLATE template0;
\connect turnaround
ALTER DEFAULT PRIVILEGES FOR ROLE turnaround_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO turnaround_app;
ALTER DEFAULT PRIVILEGES FOR ROLE turnaround_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO turnaround_app;
REVOKE CONNECT ON DATABASE turnaround FROM PUBLIC;
GRANT CONNECT ON DATABASE turnaround TO turnaround_owner, turnaround_app;

#!/bin/sh
# Run once by the image of PostgreSQL, on an empty data folder: two roles, each with a database of
# its own that the other cannot open. The ledger and Prefect never share one.
set -eu

make() {
    psql -v ON_ERROR_STOP=1 -v name="$1" -v password="$2" --username postgres --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

make duban "$DUBAN_DB_PASSWORD"
make prefect "$PREFECT_DB_PASSWORD"

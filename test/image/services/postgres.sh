#!/bin/sh
# Does what the entry point of the official image does with the variables that compose.yaml sets.
set -e
data=/var/lib/postgresql/data
mkdir -p "$data"
chown postgres: "$data"
if [ ! -f "$data/PG_VERSION" ]; then
  password=$(mktemp)
  cat "$POSTGRES_PASSWORD_FILE" > "$password"
  chown postgres: "$password"
  su postgres -c "initdb -D $data -U $POSTGRES_USER --pwfile=$password --auth-local=trust --auth-host=scram-sha-256"
  rm "$password"
  echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
  echo "create database $POSTGRES_DB" | su postgres -c "postgres --single -D $data postgres"
fi
exec su postgres -c "exec postgres -D $data -c listen_addresses='*'"

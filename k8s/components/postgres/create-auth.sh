#!/bin/sh
# Run once, by the image's entry point, when the volume is empty: a role for auth, which owns its database and nothing else.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/postgres/auth-password)" <<'SQL'
CREATE ROLE auth LOGIN PASSWORD :'password';
CREATE DATABASE auth OWNER auth;
SQL

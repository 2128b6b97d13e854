#!/usr/bin/env bash
# Generates the passwords of a new stack, one file per part. Postgres starts only after this script has ended, and a script
# that was killed begins anew, because the file that it looks for is written last.
set -euo pipefail

if [ -f /secrets/postgres/postgres ]; then exit 0; fi
password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
url() { printf 'DATABASE_URL=postgres://%s:%s@postgres:5432/payments\n' "$1" "$2"; }

owner=$(password) api=$(password) worker=$(password) reader=$(password)
printf 'OWNER_PASSWORD=%s\nAPI_PASSWORD=%s\nWORKER_PASSWORD=%s\nREADER_PASSWORD=%s\n' "$owner" "$api" "$worker" "$reader" > /secrets/logins/logins
url payments_owner "$owner" > /secrets/owner/owner
url payments_api "$api" > /secrets/api/api
url payments_worker "$worker" > /secrets/worker/worker
password > /secrets/postgres/new # of the superuser, which the image requires
mv /secrets/postgres/new /secrets/postgres/postgres

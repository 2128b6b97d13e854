#!/usr/bin/env bash
# Generates the passwords of a new stack, one file per part. Postgres starts only after this script has ended, and a script
# that was killed begins anew, because the file that it looks for is written last.
set -euo pipefail

password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
url() { printf '%s=postgres://%s:%s@postgres:5432/payments\n' "${3:-DATABASE_URL}" "$1" "$2"; }

# A stack that began before the console had proofs lacks their login. The file that is looked for is written last.
add_prover() {
  if grep -q PROVER_PASSWORD /secrets/logins/logins; then return; fi
  local prover
  prover=$(password)
  { grep -v PROOFS_DATABASE_URL /secrets/api/api; url payments_prover "$prover" PROOFS_DATABASE_URL; } > /secrets/api/new
  mv /secrets/api/new /secrets/api/api
  { cat /secrets/logins/logins; printf 'PROVER_PASSWORD=%s\n' "$prover"; } > /secrets/logins/new
  mv /secrets/logins/new /secrets/logins/logins
}

if [ ! -f /secrets/postgres/postgres ]; then
  owner=$(password) api=$(password) worker=$(password) reader=$(password)
  printf 'OWNER_PASSWORD=%s\nAPI_PASSWORD=%s\nWORKER_PASSWORD=%s\nREADER_PASSWORD=%s\n' "$owner" "$api" "$worker" "$reader" > /secrets/logins/logins
  url payments_owner "$owner" > /secrets/owner/owner
  url payments_api "$api" > /secrets/api/api
  url payments_worker "$worker" > /secrets/worker/worker
  password > /secrets/postgres/new # of the superuser, which the image requires
  mv /secrets/postgres/new /secrets/postgres/postgres
fi
add_prover

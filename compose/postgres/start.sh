#!/usr/bin/env bash
# Writes the access rules, then starts Postgres. Only the superuser logs in without a password: from inside this container,
# and from the machine that runs it (psql -h localhost -U postgres -d payments). Connections from the machine come from the
# network's gateway, whose address Docker chooses for each network and which no other container has.
set -euo pipefail

gateway=''
while read -r _ destination hex _; do
  if [ "$destination" = 00000000 ]; then
    printf -v gateway '%d.%d.%d.%d' "0x${hex:6:2}" "0x${hex:4:2}" "0x${hex:2:2}" "0x${hex:0:2}" # little-endian
  fi
done < /proc/net/route

{
  echo 'local all postgres trust'
  echo 'host all postgres 127.0.0.1/32 trust'
  if [ -n "$gateway" ]; then echo "host all postgres $gateway/32 trust"; fi
  echo 'host all all all scram-sha-256'
} > /tmp/pg_hba.conf

exec docker-entrypoint.sh "$@" -c config_file=/etc/payments/postgresql.conf

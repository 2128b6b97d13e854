#!/usr/bin/env bash
# Runs a command that takes a while. Prints one line with its duration if it succeeds, else its output.
#   quietly.sh 'what it does' command argument ...
set -u -o pipefail

what=$1
shift
if ! command -v "$1" > /dev/null; then
  echo "$1 is not installed. It comes with Node.js; install version 20 or newer: https://nodejs.org" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
printf '%s ... ' "$what"
# Without these settings npm takes over two minutes to report that there is no network.
if npm_config_fetch_retries=2 npm_config_fetch_retry_mintimeout=1000 npm_config_fetch_retry_maxtimeout=5000 \
  npm_config_audit=false npm_config_fund=false "$@" < /dev/null > "$log" 2>&1; then
  echo "${SECONDS} s"
  exit 0
fi
echo 'failed'
if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH' "$log"; then
  echo "npm could not reach its registry (${what}). Check the network. The error: $(grep -oE '(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)' "$log" | head -n 1)" >&2
else
  # npm prints the reason first, most other programs print it last.
  if [ "$(wc -l < "$log")" -le 60 ]; then cat "$log"; else head -n 30 "$log" && echo '...' && tail -n 30 "$log"; fi >&2
fi
exit 1

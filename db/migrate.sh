#!/bin/sh
# Applies the migrations that a database does not have yet: forward only, in
# order, one transaction each, and refuses a file that was edited after it ran.
#
#   db/migrate.sh [--check] [CONNINFO]     default: $DATABASE_ADMIN_URL
#
# The connection must be allowed to create roles (a superuser, or the owner of
# the cluster); everything it makes belongs to taizhang_owner.
set -eu
cd "$(dirname "$0")/migrations"
check=no
if [ "${1:-}" = --check ]; then check=yes; shift; fi
conn=${1:-${DATABASE_ADMIN_URL:?give a conninfo or set DATABASE_ADMIN_URL}}

sql() { psql -X -q -v ON_ERROR_STOP=1 -At -d "$conn" "$@"; }

sql >/dev/null <<'SQL'
SELECT pg_advisory_lock(7263001);
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS schema_migration (
  name text PRIMARY KEY,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_migration IS 'Migrations that have been applied.';
COMMENT ON COLUMN schema_migration.name IS 'File name.';
COMMENT ON COLUMN schema_migration.sha256 IS 'Digest of the file as applied.';
COMMENT ON COLUMN schema_migration.applied_at IS 'When it was applied.';
SQL

nl='
'
known=$nl$(sql -F ' ' -c 'SELECT name, sha256 FROM schema_migration')$nl
files=$(sha256sum [0-9][0-9][0-9][0-9]_*.sql)
last=
while read -r sum file; do
  case $known in
  *"$nl$file $sum$nl"*)
    if [ -n "$last" ]; then
      echo "$last is missing but the later $file was applied" >&2
      exit 1
    fi
    continue ;;
  *"$nl$file "*)
    echo "$file was edited after it was applied" >&2
    exit 1 ;;
  esac
  if [ "$check" = yes ]; then
    last=${last:-$file}
    continue
  fi
  # Another one may have been at it meanwhile: what it did is done.
  said=$({
    printf '%s\n' "SELECT pg_advisory_xact_lock(7263001) \g /dev/null" \
      "SELECT NOT EXISTS (SELECT FROM schema_migration WHERE name = :'name'" \
      "  AND sha256 = :'sum') AS missing \gset" \
      '\if :missing' '\o /dev/null'
    cat "$file"
    printf '%s\n' "RESET ROLE;" \
      "INSERT INTO schema_migration (name, sha256) VALUES (:'name', :'sum');" \
      '\echo applied :name' '\endif'
  } | sql -1 -v name="$file" -v sum="$sum")
  [ -z "$said" ] || echo "$said"
done <<EOF
$files
EOF
if [ -n "$last" ]; then
  echo "not applied yet: $last" >&2
  exit 1
fi
# After a restored dump the numbers of transactions begin anew: what is written
# from now on comes after what the log and the feed have, from the first row.
[ "$check" = yes ] || sql -c 'SELECT feed_rebase(), audit.rebase()' >/dev/null

#!/bin/bash
# A streaming hot standby of the private cluster (db/cluster.sh), in a folder of
# its own: auditors read there. Never root.
# usage: db/standby.sh init DIR PRIMARY   copy the running cluster in PRIMARY
#        db/standby.sh serve DIR          run in the foreground until SIGTERM
#        db/standby.sh socket DIR         print the folder of its Unix socket
#        db/standby.sh lag DIR            bytes received and not yet replayed
#        db/standby.sh promote DIR        it becomes a primary of its own: first
#                                         see that the old one is stopped for good
#        db/standby.sh drop DIR PRIMARY   give the slot back, remove the copy
#
# The slot keeps what the standby has not read, up to 4 GB: a standby that stays
# away longer is made anew with drop and init. On another machine the same copy
# is made with pg_basebackup over TLS by a role with REPLICATION and a password
# (scram-sha-256 in pg_hba.conf, hostssl lines only, never trust).
set -eu
[ $# -ge 2 ] || { sed -n '4,10p' "$0"; exit 2; }
what=$1 dir=$(realpath -m "$2") primary=${3:-}
here=$(dirname "$0")
bin=/usr/lib/postgresql/15/bin
slot=taizhang_$(cksum <<<"$dir" | cut -d' ' -f1)

die() { echo "$*" >&2; exit 1; }
sock() { "$here/cluster.sh" socket "$1"; }
sql() {	# socket statement
	psql -XqAt -v ON_ERROR_STOP=1 -h "$1" -U postgres -d postgres -c "$2"
}

case $what in
socket)
	sock "$dir"
	;;
init)
	[ -f "$dir/data/PG_VERSION" ] && exit 0
	[ -n "$primary" ] || die "usage: db/standby.sh init DIR PRIMARY"
	from=$(sock "$(realpath -m "$primary")")
	mkdir -p "$dir"
	rm -rf "$dir/new"	# half made by an interrupted start
	sql "$from" "SELECT pg_create_physical_replication_slot('$slot', true)
	    WHERE NOT EXISTS (SELECT FROM pg_replication_slots
	    WHERE slot_name = '$slot')" >/dev/null
	sql "$from" "ALTER SYSTEM SET max_slot_wal_keep_size = '4GB'"
	sql "$from" "SELECT pg_reload_conf()" >/dev/null
	"$bin/pg_basebackup" -D "$dir/new" -h "$from" -U postgres -R -X stream \
	    -S "$slot" -c fast
	cat >>"$dir/new/postgresql.conf" <<-EOC
	hot_standby = on
	hot_standby_feedback = on	# long reads are not cut off
	max_standby_streaming_delay = 5s	# … for longer than this
	EOC
	mv "$dir/new" "$dir/data"
	;;
serve)
	exec "$here/cluster.sh" serve "$dir"
	;;
lag)
	sql "$(sock "$dir")" "SELECT coalesce(pg_wal_lsn_diff(
	    pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0)::bigint"
	;;
promote)
	"$bin/pg_ctl" -D "$dir/data" -w promote >/dev/null
	;;
drop)
	[ -n "$primary" ] || die "usage: db/standby.sh drop DIR PRIMARY"
	[ ! -f "$dir/data/postmaster.pid" ] ||
		die "先停止备库 / Stop the standby first."
	sql "$(sock "$(realpath -m "$primary")")" "SELECT
	    pg_drop_replication_slot(slot_name) FROM pg_replication_slots
	    WHERE slot_name = '$slot'" >/dev/null
	rm -rf "$dir/data"
	;;
*)
	sed -n '4,10p' "$0"
	exit 2
	;;
esac

#!/bin/bash
# A private PostgreSQL 15 cluster in one folder: data, socket, log. Never root.
# usage: db/cluster.sh init DIR     make it if it is not there
#        db/cluster.sh serve DIR    run in the foreground until SIGINT/SIGTERM
#        db/cluster.sh socket DIR   print the folder of the Unix socket
set -eu
[ $# -eq 2 ] || { sed -n '3,5p' "$0"; exit 2; }
what=$1 dir=$2
bin=/usr/lib/postgresql/15/bin

# A Unix socket's path has at most 107 bytes.
socket() {
	if [ ${#dir} -lt 80 ]; then
		echo "$dir/socket"
	else
		echo "/tmp/taizhang-$(cksum <<<"$dir" | cut -d' ' -f1)"
	fi
}

case $what in
socket)
	socket
	;;
init)
	[ -f "$dir/data/PG_VERSION" ] && exit 0
	mkdir -p "$dir"
	# A quarter of the memory, within bounds.
	buffers=$(awk '/^MemTotal/ { m = $2 / 4096; print int(m < 128 ? 128 \
	    : m > 2048 ? 2048 : m) "MB" }' /proc/meminfo)
	rm -rf "$dir/new"	# half made by an interrupted start
	"$bin/initdb" -D "$dir/new" -U postgres -A trust -E UTF8 \
	    --locale=C.UTF-8 --data-checksums ${INITDB_FLAGS:-} >/dev/null
	cat >>"$dir/new/postgresql.conf" <<-EOF
	listen_addresses = ''
	max_connections = 80
	shared_buffers = $buffers
	timezone = 'UTC'
	log_timezone = 'UTC'
	log_min_messages = warning
	log_line_prefix = '%m [%p] %u@%d '
	log_min_error_statement = panic   # statements may carry personal data
	log_parameter_max_length_on_error = 0
	log_error_verbosity = terse       # details quote whole rows
	EOF
	mv "$dir/new" "$dir/data"
	;;
serve)
	sock=$(socket)
	mkdir -p -m 0700 "$sock"
	# A folder under /tmp must be ours alone: local logins are trusted.
	[ -O "$sock" ] && [ ! -L "$sock" ] && chmod 0700 "$sock"
	exec "$bin/postgres" -D "$dir/data" -k "$sock"
	;;
*)
	sed -n '3,5p' "$0"
	exit 2
	;;
esac

#!/bin/bash
# Starts PostgreSQL, the API and the agent, and stops them together.
#
#   PORT=8080          the API's port on 127.0.0.1
#   SHARE=var/share    the shared folder the agent watches
#   VAR=var            everything this machine keeps
#   DATABASE_URL=…     another PostgreSQL instead of a private one in VAR
#   DEMO=no            no demonstration county    AGENT=no   no agent
#   WORKERS=2          API processes
#   TLS=1              HTTPS and HTTP/2 by HAProxy; its settings: conf/front.sh
#   TAIZHANG_EASY_LOGIN=no   also the demonstration asks for new passwords and
#                      second factors
#   JOBS_DATABASE_URL  with DATABASE_URL: the job runner's role (taizhang_jobs)
set -eu
cd "$(dirname "$0")/.."
PORT=${PORT:-8080} DEMO=${DEMO:-yes} AGENT=${AGENT:-yes} WORKERS=${WORKERS:-2}
VAR=$(realpath -m "${VAR:-var}")
SHARE=$(realpath -m "${SHARE:-$VAR/share}")
BUILD=$(realpath -m "${BUILD:-build}")
export TLS=${TLS:-} TLS_PORT=${TLS_PORT:-8443} TLS_BIND=${TLS_BIND:-0.0.0.0}
user=taizhang

say() { echo "$*" >&2; }
die() { say "$*"; exit 1; }
cannot_write() {
	die "无法写入 $VAR 或 $SHARE，请用 make run VAR=… SHARE=… 另选目录 /" \
	    "Cannot write to $VAR or $SHARE: choose others with make run" \
	    "VAR=… SHARE=…"
}

# ---- as root: prepare the folders, then go on as an ordinary user ----------
if [ "$(id -u)" = 0 ]; then
	id $user >/dev/null 2>&1 || useradd --system --no-create-home \
	    --home-dir /nonexistent --shell /usr/sbin/nologin $user
	mkdir -p "$VAR" "$SHARE" 2>/dev/null &&
		chown $user:$user "$VAR" "$SHARE" 2>/dev/null || cannot_write
	setpriv --reuid=$user --regid=$user --init-groups \
	    test -r "$BUILD/api.so" -a -x "$VAR" ||
		die "用户 $user 读不到 $PWD，请把程序放在 /srv 或 /opt 等目录 /" \
		    "User $user cannot read $PWD: move the checkout out of a" \
		    "private home, e.g. to /srv."
	exec setpriv --reuid=$user --regid=$user --init-groups --no-new-privs \
	    env -u HOME PORT="$PORT" SHARE="$SHARE" VAR="$VAR" DEMO="$DEMO" \
	    AGENT="$AGENT" WORKERS="$WORKERS" BUILD="$BUILD" "$0"
fi

# ---- what would stop us, in one sentence each --------------------------------
umask 0022	# what people save into the share must be readable to the agent
mkdir -p "$VAR"/{log,run,secrets,files} "$SHARE" 2>/dev/null &&
	[ -w "$SHARE" ] && chmod 0750 "$VAR"/{log,run,secrets,files} || cannot_write
exec 9>"$VAR/run/lock"
flock -n 9 ||
	die "已有一份正在运行（$VAR）/ Already running from $VAR:" \
	    "stop it with Ctrl-C, or choose another VAR and PORT."
free=$(df -Pk "$VAR" | awk 'NR == 2 { print $4 }')
[ "$free" -gt $((512 * 1024)) ] ||
	die "磁盘空间不足：$VAR 只剩 $((free / 1024)) MB / Disk nearly full:" \
	    "$((free / 1024)) MB left for $VAR, 512 MB are needed."
port_free() {	# setting number
	[[ $2 =~ ^[0-9]{1,5}$ ]] && [ "$2" -ge 1 ] && [ "$2" -le 65535 ] ||
		die "$1=$2 不是端口号，请写 1 到 65535 的数字 / $1=$2 is no" \
		    "port: give a number from 1 to 65535."
	! (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null ||
		die "端口 $2 已被占用，请用 make run $1=… / Port $2 is in use:" \
		    "choose another with make run $1=$(($2 + 1))."
}
port_free PORT "$PORT"
[ -z "$TLS" ] || port_free TLS_PORT "$TLS_PORT"

# ---- start and stop ----------------------------------------------------------
pids=()
stop() {
	trap '' INT TERM
	[ ${#pids[@]} -eq 0 ] || say "正在停止 / Stopping …"
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		kill -TERM "${pids[i]}" 2>/dev/null || true
		wait "${pids[i]}" 2>/dev/null || true
	done
}
trap 'stop' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Its own session, so that Ctrl-C reaches only this script and the parts stop
# in order; a dead script takes them along.
declare -A part=() since=()
begin() {	# name command…
	local name=$1
	shift
	setsid setpriv --pdeathsig TERM -- "$@" >>"$VAR/log/$name.log" 2>&1 \
	    9>&- </dev/null &
	pids+=($!)
	part[$!]=$name since[$!]=$SECONDS
}
until_true() {	# seconds what command…
	local limit=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $limit ] && kill -0 "${pids[-1]}" 2>/dev/null ||
			die "$what 没有启动，详见 $VAR/log / $what did not" \
			    "start; the last lines of its log say why:" \
			    "$(tail -n 3 "$VAR"/log/"$what".log 2>/dev/null)"
		sleep 0.05
	done
}

# What takes more than two seconds is told: a first start, an upgrade.
told() { sed -un 's|^applied|升级数据库 / Upgrading the database: &|p' >&2; }
if [ ! -s "$VAR/log/migrate.log" ]; then
	told() { cat >/dev/null; }
	say "首次启动，正在建立数据库 …… / First start, making the database …"
fi
if [ -z "${DATABASE_URL:-}" ]; then
	db/cluster.sh init "$VAR/pg"
	socket=$(db/cluster.sh socket "$VAR/pg")
	begin postgres db/cluster.sh serve "$VAR/pg"
	until_true 30 postgres /usr/lib/postgresql/15/bin/pg_isready -q -h "$socket"
	ADMIN_URL="postgresql:///taizhang?host=$socket&user=postgres"
	DATABASE_URL="postgresql:///taizhang?host=$socket&user=taizhang_api"
	JOBS_DATABASE_URL="postgresql:///taizhang?host=$socket&user=taizhang_jobs"
	psql -qAt -h "$socket" -U postgres -d postgres -c \
	    "SELECT 1 FROM pg_database WHERE datname = 'taizhang'" | grep -q 1 ||
		createdb -h "$socket" -U postgres taizhang
fi
export DATABASE_URL DATABASE_ADMIN_URL=${ADMIN_URL:-$DATABASE_URL}
(set -o pipefail; db/migrate.sh 2>&1 | tee -a "$VAR/log/migrate.log" | told) ||
	die "数据库升级失败 / Migration failed:" \
	    "$(tail -n 5 "$VAR/log/migrate.log")"

for key in row cursor webhook login audit; do	# 32 random bytes each
	[ -s "$VAR/secrets/$key" ] || (umask 0077 && head -c 32 /dev/urandom \
	    >"$VAR/secrets/$key.new" && mv "$VAR/secrets/$key.new" \
	    "$VAR/secrets/$key")
done

API=http://127.0.0.1:$PORT
export TAIZHANG_BIND=127.0.0.1 TAIZHANG_PORT=$PORT \
    TAIZHANG_SECRETS="$VAR/secrets" TAIZHANG_API=$API \
    TAIZHANG_FILES="${TAIZHANG_FILES:-$VAR/files}" \
    TAIZHANG_EASY_LOGIN="${TAIZHANG_EASY_LOGIN:-$DEMO}"
if [ -n "$TLS" ]; then
	export VAR TAIZHANG_UNIX="$VAR/run/api.sock"
	conf/front.sh check
fi
sed -e "s|@BUILD@|$BUILD|g" -e "s|@WORKERS@|$WORKERS|g" -e "s|@VAR@|$VAR|g" \
    conf/api.conf >"$VAR/run/api.conf"
[ "${SANDBOX_TRACE:-no}" = no ] ||	# log what the sandbox forbids, for tests
	sed -i '1i seccomp_tracing yes' "$VAR/run/api.conf"
begin_api() { begin api kore -fnr -c "$VAR/run/api.conf"; }
begin_agent() {
	begin agent "$BUILD/taizhang-agent" --config "$VAR/agent/agent.conf"
}
begin_jobs() {
	begin jobs env DATABASE_URL="${JOBS_DATABASE_URL:-$DATABASE_URL}" \
	    "$BUILD/taizhang-jobs"
}
begin_front() { begin front conf/front.sh serve; }
begin_api
until_true 20 api curl -fsS "$API/readyz"
if [ -n "$TLS" ]; then
	begin_front
	until_true 10 front curl -fsSk "https://127.0.0.1:$TLS_PORT/healthz"
fi
begin_jobs

if [ "$DEMO" = yes ]; then
	. conf/demo.sh
fi
if [ "$AGENT" = yes ]; then
	begin_agent
fi
[ "$DEMO" = yes ] && demo_greeting || say "taizhang: $API ready"
[ -z "$TLS" ] || say "HTTPS: https://$(hostname):$TLS_PORT"
[ -z "${READY_FILE:-}" ] || : >"$READY_FILE"

# A part that dies is started again; one that cannot live (three deaths within
# two seconds of a start) ends the rest.
declare -A quick=()
died() {	# a part that lives no more
	for dead in "${pids[@]}"; do
		kill -0 "$dead" 2>/dev/null || return 0
	done
	return 1
}
while :; do
	# wait -n only wakes this loop: it passes over a part whose death the shell
	# noticed while it was busy with another's, hence also the sleep.
	until died; do
		sleep 5 </dev/null >/dev/null 2>&1 9>&- &
		wait -n $! "${pids[@]}" 2>/dev/null || true
	done
	code=0
	wait "$dead" 2>/dev/null || code=$?
	name=${part[$dead]}
	for i in "${!pids[@]}"; do
		[ "${pids[i]}" != "$dead" ] || unset "pids[i]"
	done
	pids=("${pids[@]}")
	[ $((SECONDS - since[$dead])) -lt 2 ] &&
		quick[$name]=$((${quick[$name]:-0} + 1)) || quick[$name]=0
	if [ "$name" = postgres ] || [ "${quick[$name]}" -ge 3 ]; then
		die "部件 $name 意外停止（$code），详见 $VAR/log/$name.log /" \
		    "Part $name stopped by itself (exit $code); see" \
		    "$VAR/log/$name.log."
	fi
	say "部件 $name 意外停止（$code），正在重新启动 / Part $name stopped" \
	    "(exit $code); starting it again."
	sleep 0.5
	"begin_$name"
done

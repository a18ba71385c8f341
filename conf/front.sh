#!/bin/bash
# TLS and HTTP/2 in front of the API: checks the settings, makes a certificate
# for this machine if there is none, and becomes HAProxy (conf/haproxy.cfg).
# usage: conf/front.sh check     every setting and the configuration, then ends
#        conf/front.sh serve     in the foreground until SIGTERM
#
#   VAR=var              secrets/tls.pem and run/ are kept there
#   TAIZHANG_UNIX        the API's socket; default VAR/run/api.sock
#   TLS_PORT=8443        TLS_BIND=0.0.0.0
#   TLS_CERT=file        chain and key (PEM) of your own; default: made here
#   TLS_HTTP_PORT        plain HTTP, sent on to HTTPS
#   TLS_NAMES            names of this machine, blank separated
#   TLS_CLIENT_CA=file   who signs agents' certificates; asked for, if set
#   TLS_AGENT_CERT=yes   agents without one are refused
set -eu
what=${1:-}
cd "$(dirname "$0")"
VAR=$(realpath -m "${VAR:-../var}")
secrets=$VAR/secrets
export TLS_PORT=${TLS_PORT:-8443} TLS_BIND=${TLS_BIND:-0.0.0.0} \
    TAIZHANG_UNIX=${TAIZHANG_UNIX:-$VAR/run/api.sock} \
    TLS_NAMES="${TLS_NAMES:-localhost 127.0.0.1 $(hostname)}"

die() { echo "$*" >&2; exit 1; }

# Only its owner may read a key.
private() {
	[ -r "$1" ] || die "读不到 $1 / Cannot read $1."
	case $(stat -Lc %a "$1") in
	[46]00) ;;
	*) die "$1 可被他人读取，请 chmod 0600 / Others can read $1: chmod 0600." ;;
	esac
}

names() {
	local name out=
	for name in $TLS_NAMES; do
		[[ $name =~ ^[0-9.]+$ || $name == *:* ]] && out+=,IP:$name ||
			out+=,DNS:$name
	done
	echo "${out#,}"
}

# For trying it out, and for networks without a certificate authority: who is
# to trust it is given secrets/tls.crt. Made anew a week before it ends.
make_certificate() {
	[ -s "$TLS_CERT" ] && openssl x509 -in "$TLS_CERT" -noout \
	    -checkend 604800 >/dev/null && return
	(umask 0077 && openssl req -x509 -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 397 \
	    -subj "/CN=${TLS_NAMES%% *}" -addext "subjectAltName=$(names)" \
	    -addext basicConstraints=critical,CA:FALSE \
	    -addext extendedKeyUsage=serverAuth \
	    -keyout "$secrets/tls.key.new" -out "$secrets/tls.crt.new" \
	    2>/dev/null &&
	    cat "$secrets/tls.crt.new" "$secrets/tls.key.new" \
		>"$TLS_CERT.new" && mv "$TLS_CERT.new" "$TLS_CERT" &&
	    mv "$secrets/tls.crt.new" "$secrets/tls.crt" &&
	    rm "$secrets/tls.key.new") ||
		die "证书没有做成 / The certificate could not be made."
}

command -v haproxy >/dev/null || PATH=$PATH:/usr/sbin
case $what in check | serve) ;; *) sed -n '4,5p' "$0"; exit 2 ;; esac
[ ${#TAIZHANG_UNIX} -lt 108 ] ||
	die "套接字路径过长 / This path is too long for a socket:" \
	    "$TAIZHANG_UNIX"
if [ -z "${TLS_CERT:-}" ]; then
	export TLS_CERT=$secrets/tls.pem
	make_certificate
fi
private "$TLS_CERT"
[ -n "${TLS_HTTP_PORT:-}" ] || unset TLS_HTTP_PORT
[ -n "${TLS_CLIENT_CA:-}" ] || unset TLS_CLIENT_CA
case ${TLS_AGENT_CERT:-no} in
no) unset TLS_AGENT_CERT ;;
yes) [ -n "${TLS_CLIENT_CA:-}" ] ||
	die "TLS_AGENT_CERT=yes 需要 TLS_CLIENT_CA / needs TLS_CLIENT_CA." ;;
*) die "TLS_AGENT_CERT: yes | no" ;;
esac
ulimit -c 0		# a core would hold the key
faults=$(haproxy -c -f haproxy.cfg 2>&1) ||
	die "HAProxy 不接受 conf/haproxy.cfg / HAProxy refuses it: $faults"
[ $what = check ] || exec haproxy -db -f haproxy.cfg

#!/bin/bash
# Installs what conf/packages.txt lists for the sections named, if missing.
# usage: conf/packages.sh run [test]
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || { sed -n '2,3p' "$0"; exit 2; }

# package:command is not needed where the command comes from elsewhere.
wanted=$(for section in "$@"; do
	sed -n "/^\[$section\]/,/^\[/{/^[a-z]/p}" packages.txt
done | while IFS=: read -r package command; do
	[ -n "$command" ] && command -v "$command" >/dev/null ||
		echo "$package"
done)
# shellcheck disable=SC2086
missing=$(comm -23 <(sort -u <<<"$wanted") <(dpkg-query -W -f \
	'${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null |
	sed -n 's/^ii *//p' | sort -u))
[ -n "$missing" ] || exit 0

[ "$(id -u)" = 0 ] && sudo="" || sudo=sudo
if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
	echo "缺少软件包，请以 root 运行 / Packages are missing; as root run:" \
	    "apt-get install" $missing >&2
	exit 1
fi
echo "Installing: " $missing >&2
export DEBIAN_FRONTEND=noninteractive
install() {
	# shellcheck disable=SC2086
	$sudo apt-get install -y -q --no-install-recommends $missing >&2
}
# A fresh machine has no package lists yet, and stale lists fail.
ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 && install ||
	{ $sudo apt-get update -q >&2 && install; } || {
	echo "软件包安装失败，请检查网络和软件源 / Packages could not be" \
	    "installed; check the network and the package source." >&2
	exit 1
}

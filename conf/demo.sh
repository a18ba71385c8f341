# The demonstration county, sourced by conf/run.sh: loads it on the first
# start and says what can be done with it. A marker ends the first start, so
# that an interrupted one is repeated and a later one costs nothing; every
# step may be done twice.
#
#   SETTLE_S=1         seconds a workbook must be quiet before it is read
#   WRITE_BACK_S=5     least seconds between two writings of a workbook
#   DELETE_AFTER_S=30  seconds a row must be gone before it is taken as deleted

demo=$VAR/demo
demo_action=yuanjiang-2023
ctl() { "$BUILD/taizhangctl" --token-file "$demo/token" "$@"; }
# Who grants rights is not who configures (three administrators, 5.1).
ctl_security() { "$BUILD/taizhangctl" --token-file "$demo/token-security" "$@"; }

# Code and name of every unit of the county, one per line.
demo_units() {
	sed -n 's/.*"code": "\([0-9]\{9\}000\)", "name": "\([^"]*\)", "level": 4.*/\1 \2/p' \
	    conf/places/430981.json
}

demo_password() {
	[ -s "$demo/password" ] && return
	# Letters and a digit, none that is taken for another.
	(umask 0077 && head -c 96 /dev/urandom | base64 -w0 |
	    tr -dc 'a-hjkmnp-z2-9' | head -c 11 >"$demo/password.new" &&
	    echo -n $((2 + RANDOM % 8)) >>"$demo/password.new")
	mv "$demo/password.new" "$demo/password"
}

# A folder is complete with its token; one without is bound anew.
demo_folder() {	# code name
	local token=$VAR/agent/tokens/$1
	if [ ! -s "$token" ] || [ ! -s "$SHARE/$2/.ledger-sync/id" ]; then
		ctl binding add --unit "$1" --action $demo_action \
		    --template X01 --folder "$2" --settle "${SETTLE_S:-1}" \
		    --write-back "${WRITE_BACK_S:-5}" \
		    --delete-after "${DELETE_AFTER_S:-30}" \
		    --token-out "$token" --marker "$SHARE/$2"
	fi
}

demo_agent_conf() {
	local code name
	echo "# 同步代理的配置，由演示程序写成 / Written for the demonstration."
	echo "api = $API"
	echo "state = $VAR/agent/state"
	while read -r code name; do
		printf '\n[binding]\nfolder = %s\ntoken_file = %s\n' \
		    "$SHARE/$name" "$VAR/agent/tokens/$code"
	done
}

# One of the three administrators, straight into the database.
demo_admin() {	# login role
	ctl init-admin --login "$1" --role "$2" <"$demo/password" \
	    2>"$demo/init.log" || grep -q 'there is an administrator of that kind' \
	    "$demo/init.log" || { cat "$demo/init.log" >&2; return 1; }
}

# Called where set -e does not reach: every step says itself that it failed.
demo_load() {
	local code name
	mkdir -p "$demo" "$VAR/agent/tokens" "$VAR/agent/state" &&
	    chmod 0700 "$demo" "$VAR/agent/tokens" "$VAR/agent/state" &&
	    demo_password || return 1
	demo_admin admin sysadmin && demo_admin security security_admin &&
	    demo_admin audit audit_admin || return 1
	ctl login --login admin <"$demo/password" &&
	    ctl load conf/places conf/demo conf/actions conf/ledgers &&
	    ctl_security login --login security <"$demo/password" &&
	    ctl_security load --initial-password-file "$demo/password" \
		conf/people || return 1
	while read -r code name; do
		demo_folder "$code" "$name" || return 1
	done < <(demo_units)
	demo_units | demo_agent_conf >"$VAR/agent/agent.conf.new" &&
	    mv "$VAR/agent/agent.conf.new" "$VAR/agent/agent.conf" &&
	    : >"$demo/loaded"
}

demo_greeting() {
	local password unit
	read -r password <"$demo/password" || true
	unit=黄茅洲镇
	cat >&2 <<-EOF

	台账已启动 / Taizhang is running: $API   共享目录 / share: $SHARE
	1 打开 / open  $SHARE/$unit/${demo_book}_X01_$unit.xlsx
	  填一行并保存，数秒后系统读入，并把序号和校验结果写回。 / Fill in a row and save; seconds later it is read and answered.
	2 登录 / sign in
	  T=\$(curl -sS $API/v1/sessions -H 'Content-Type: application/json' -d '{"login":"nongye","password":"$password"}' | sed 's/.*"token": *"\([^"]*\)".*/\1/')
	  curl -sS "$API/v1/issues?limit=5" -H "Authorization: Bearer \$T"
	用户 / logins: nongye（农业农村局） huangmaozhou（黄茅洲镇） huangmaozhou-lead shenji（审计） admin security audit（三类管理员）；密码 / password: $password
	日志 / logs: $VAR/log   Ctrl-C 停止 / stops everything
	EOF
}

demo_book=$(sed -n 's/.*"short_name": "\([^"]*\)".*/\1/p' \
    conf/actions/$demo_action.json)
if [ ! -e "$demo/loaded" ]; then
	say "正在装入演示县 …… / Loading the demonstration county …"
	demo_load || die "演示数据没有装入，重新启动即可再试 / The" \
	    "demonstration was not loaded; start again to repeat it."
fi

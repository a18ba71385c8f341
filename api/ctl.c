/* taizhangctl: commands, options and help. */
#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/err.h"

static const struct command {
	const char *name, *args, *zh, *en;
	ctl_command *run;
} commands[] = {
	{ "init-admin", "--login NAME [--name 姓名] [--role ROLE]",
	    "建立第一个系统管理员（或 security_admin、audit_admin），直接写入 DATABASE_ADMIN_URL 指定的数据库；密码从标准输入读取",
	    "create the first system administrator (or security_admin,\n"
	    "      audit_admin), straight in the database DATABASE_ADMIN_URL; the password comes from standard input",
	    ctl_init_admin },
	{ "login", "--login NAME",
	    "登录，令牌存入 --token-file 指定的文件；密码从标准输入读取",
	    "sign in and keep the token in the token file; the password comes\n"
	    "      from standard input", ctl_login },
	{ "load", "[--initial-password-file FILE] PATH…",
	    "载入区划、单位、用户、专项行动、台账模板（JSON 文件或目录，按内容识别，可重复执行）",
	    "load places, organisations, people, actions and ledger templates:\n"
	    "      JSON files or folders, told by content; may be repeated",
	    ctl_load },
	{ "user add",
	    "--login NAME --name 姓名 --unit CODE --role ROLE\n"
	    "           [--phone N] [--org CODE] [--line 条线]",
	    "建立用户并授予一个角色，或修改该用户；密码从标准输入读取",
	    "create a user with one role, or change him; the password comes\n"
	    "      from standard input", ctl_user_add },
	{ "binding add",
	    "--unit CODE --action CODE --template CODE --folder NAME\n"
	    "              [--settle S] [--write-back S] [--delete-after S]\n"
	    "              [--token-out FILE] [--marker DIR]",
	    "绑定一个共享目录；令牌只显示这一次（或写入 --token-out），--marker 在目录中写入标识",
	    "bind a shared folder; its token is printed once (or kept in\n"
	    "      --token-out), --marker writes the folder's own mark",
	    ctl_binding_add },
	{ "bindings", "", "列出共享目录的绑定", "list the bindings",
	    ctl_bindings },
	{ "sync status", "", "列出各共享目录中文件的同步情况",
	    "list the files of the shared folders and how they fare",
	    ctl_sync_status },
	{ "attachments verify", "",
	    "逐个核对附件：数据库中的记录与 TAIZHANG_FILES 中的文件（缺失、损坏的逐行列出）",
	    "compare the rows of the database DATABASE_ADMIN_URL with the\n"
	    "      files in TAIZHANG_FILES: one line for each that is missing\n"
	    "      or damaged", ctl_files_verify },
	{ "attachments sweep", "",
	    "删除一天前的、没有记录引用的文件，以及中断的上传",
	    "remove files a day old that no row refers to, and what broken\n"
	    "      uploads left", ctl_files_sweep },
	{ "audit verify",
	    "[--database URL] [--key HEX] [--witness FILE…]",
	    "直接读取数据库核对审计日志：事件、签名树、历史版本与现有各行；见证为导出的工作簿或系统日志",
	    "check the log straight in the database DATABASE_AUDIT_URL:\n"
	    "      events, the signed tree, history and the rows as they stand;\n"
	    "      witnesses are exported workbooks or lines of syslog",
	    ctl_audit_verify },
	{ "audit key", "", "显示日志签名的公钥",
	    "print the public key the log is signed with", ctl_audit_key },
	{ "auditor add",
	    "--role audit_NAME --mandate 文号 --unit CODE\n"
	    "              [--line 条线] [--clearance N] [--action CODE]\n"
	    "              [--days N] [--password-out FILE]",
	    "为审计人员建立限时的数据库只读账号（模式 ro）；密码只显示这一次",
	    "make a database login for an auditor: read-only, for a time, in\n"
	    "      the schema ro; its password is printed once. Needs\n"
	    "      DATABASE_ADMIN_URL", ctl_auditor_add },
	{ "auditor end", "--role audit_NAME", "立即终止该账号并断开连接",
	    "end such a login and its connections at once", ctl_auditor_end },
	{ "auditors", "", "列出审计人员的数据库账号", "list these logins",
	    ctl_auditors },
	{ "openapi", "", "显示接口说明（OpenAPI 3.1）",
	    "print the OpenAPI document", ctl_openapi },
	{ "get", "PATH", "显示接口 GET PATH 的结果",
	    "print what GET PATH of the API answers", ctl_get },
};

static int usage(FILE *, int);
static void describe(FILE *, const struct command *);
static const struct command *find(int *argc, char ***argv);

int
main(int argc, char **argv)
{
	struct ctl c = { .api = getenv("TAIZHANG_API"),
		.token_file = getenv("TAIZHANG_TOKEN_FILE") };
	const struct ctl_option options[] = { { "--api", &c.api, false },
		{ "--token-file", &c.token_file, false } };
	const struct command *cmd;
	int rest;

	if (c.api == NULL || *c.api == '\0')
		c.api = "http://127.0.0.1:8080";
	if (argc < 2)
		return usage(stderr, CTL_USAGE);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return usage(stdout, CTL_OK);
	if (!ctl_options(argc - 1, argv + 1, options, COUNT(options), &rest))
		return CTL_USAGE;
	argc -= 1 + rest;
	argv += 1 + rest;
	cmd = find(&argc, &argv);
	if (cmd == NULL)
		return ctl_fail(CTL_USAGE, "没有这个命令，用 --help 查看",
		    "no such command, see --help", argc > 0 ? argv[0] : NULL);
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			describe(stdout, cmd);
			return CTL_OK;
		}
	}
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return ctl_fail(CTL_REFUSED, "初始化失败",
		    "cannot initialise", NULL);
	return cmd->run(&c, argc, argv);
}

bool
ctl_options(int argc, char **argv, const struct ctl_option *options, size_t n,
    int *rest)
{
	int at = 0;

	while (at < argc && strncmp(argv[at], "--", 2) == 0) {
		size_t len = strcspn(argv[at], "="), i = 0;

		while (i < n && (strlen(options[i].name) != len ||
		    strncmp(options[i].name, argv[at], len) != 0))
			i++;
		if (i == n) {
			(void)ctl_fail(CTL_USAGE, "没有这个选项",
			    "no such option", argv[at]);
			return false;
		}
		if (argv[at][len] == '=') {
			*options[i].value = argv[at] + len + 1;
		} else if (at + 1 < argc) {
			*options[i].value = argv[++at];
		} else {
			(void)ctl_fail(CTL_USAGE, "选项缺少值",
			    "the option needs a value", argv[at]);
			return false;
		}
		at++;
	}
	for (size_t i = 0; i < n; i++) {
		if (options[i].required && *options[i].value == NULL) {
			(void)ctl_fail(CTL_USAGE, "缺少选项",
			    "an option is missing", options[i].name);
			return false;
		}
	}
	if (rest != NULL) {
		*rest = at;
	} else if (at < argc) {
		(void)ctl_fail(CTL_USAGE, "多余的参数", "one argument too many",
		    argv[at]);
		return false;
	}
	return true;
}

int
ctl_fail(int code, const char *zh, const char *en, const char *what)
{
	/* Of several lines, the first says it. */
	int n = what != NULL ? (int)strcspn(what, "\n") : 0;

	fprintf(stderr, "taizhangctl: %s / %s%s%.*s\n", zh, en,
	    n > 0 ? ": " : "", n, n > 0 ? what : "");
	return code;
}

/* A command of two words takes two arguments away. */
static const struct command *
find(int *argc, char ***argv)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		const char *blank = strchr(commands[i].name, ' ');
		size_t n = blank != NULL ? (size_t)(blank - commands[i].name)
					 : strlen(commands[i].name);
		int words = 1 + (blank != NULL);

		if (*argc < words || strlen((*argv)[0]) != n ||
		    strncmp((*argv)[0], commands[i].name, n) != 0 ||
		    (blank != NULL && strcmp((*argv)[1], blank + 1) != 0))
			continue;
		*argc -= words;
		*argv += words;
		return &commands[i];
	}
	return NULL;
}

static int
usage(FILE *out, int code)
{
	fprintf(out, "用法 / usage: taizhangctl [--api URL] "
	    "[--token-file FILE] COMMAND …\n\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		describe(out, &commands[i]);
	fprintf(out, "\n"
	    "接口地址默认 TAIZHANG_API 或 http://127.0.0.1:8080，令牌文件默认 "
	    "TAIZHANG_TOKEN_FILE。\n"
	    "The URL defaults to TAIZHANG_API or http://127.0.0.1:8080, the "
	    "token file to\nTAIZHANG_TOKEN_FILE.\n"
	    "退出码 / exit codes: 0 成功 done, 1 被拒绝 refused, 2 用法错误 "
	    "usage, 3 连接不上 unreachable.\n");
	return code;
}

static void
describe(FILE *out, const struct command *cmd)
{
	fprintf(out, "  %s %s\n      %s\n      %s\n", cmd->name, cmd->args,
	    cmd->zh, cmd->en);
}

/* taizhangctl: calls of the API by libcurl, and what goes wrong with them. */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/uid.h"

#define REPLY_LIMIT (32u << 20)
#define TIMEOUT_S 120L

static bool token_read(const struct ctl *, char out[BEARER_MAX]);
static struct curl_slist *headers(const struct ctl *);
static int print(struct ctl *, const char *path, size_t flags);
static size_t take(char *, size_t, size_t, void *);
static int complain(const char *what, long status, const json_t *reply);

int
ctl_call(struct ctl *c, const char *method, const char *path,
    const json_t *body, const char *what, json_t **reply)
{
	/* One connection for all calls of a command. */
	static CURL *h;
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	char url[2048], why[CURL_ERROR_SIZE] = "";
	struct curl_slist *head = headers(c);
	json_t *got = NULL;
	struct buf in;
	long status = 0;
	int code;

	if (h == NULL)
		h = curl_easy_init();
	REQUIRE(h != NULL);
	curl_easy_reset(h);
	buf_init(&in, REPLY_LIMIT);
	(void)snprintf(url, sizeof url, "%s%s", c->api, path);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(h, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &in);
	if (text != NULL) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)strlen(text));
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, text);
	}
	if (curl_easy_perform(h) == CURLE_OK)
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	if (status != 0 && in.len > 0)
		got = json_loadb(in.data, in.len, 0, NULL);
	if (status == 0)
		code = ctl_fail(CTL_UNREACHABLE, "连接不上接口",
		    "the API cannot be reached", *why != '\0' ? why : url);
	else if (status < 200 || status > 299)
		code = complain(what, status, got);
	else
		code = CTL_OK;
	if (code == CTL_OK && reply != NULL)
		*reply = got;
	else
		json_decref(got);
	curl_slist_free_all(head);
	buf_free(&in);
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
	return code;
}

int
ctl_get(struct ctl *c, int argc, char **argv)
{
	if (argc != 1 || argv[0][0] != '/')
		return ctl_fail(CTL_USAGE, "请给出一个以 / 开头的路径",
		    "give one path that begins with /", NULL);
	return print(c, argv[0], 0);
}

/* Sorted, so that two versions can be compared line by line. */
int
ctl_openapi(struct ctl *c, int argc, char **argv)
{
	if (!ctl_options(argc, argv, NULL, 0, NULL))
		return CTL_USAGE;
	return print(c, "/v1/openapi.json", JSON_SORT_KEYS);
}

char *
ctl_password(void)
{
	struct termios was, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &was) == 0;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (terminal) {
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		fprintf(stderr, "密码 / Password: ");
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	n = getline(&line, &cap, stdin);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
		fputc('\n', stderr);
	}
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		line[--n] = '\0';
	if (n <= 0) {
		free(line);
		(void)ctl_fail(CTL_USAGE, "标准输入中没有密码",
		    "there is no password on standard input", NULL);
		return NULL;
	}
	return line;
}

void
ctl_forget(char *password)
{
	if (password != NULL)
		sodium_memzero(password, strlen(password));
	free(password);
}

/* Complete or not at all: it is made beside its place and then renamed. */
int
ctl_keep(const char *path, const char *line)
{
	char made[4096];
	size_t n = strlen(line);
	bool ok;
	int fd;

	(void)snprintf(made, sizeof made, "%s.new", path);
	(void)unlink(made);
	fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	ok = fd >= 0 && write(fd, line, n) == (ssize_t)n &&
	    write(fd, "\n", 1) == 1 && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	if (ok && rename(made, path) == 0)
		return CTL_OK;
	return ctl_fail(CTL_REFUSED, "无法写入文件", strerror(errno), path);
}

static struct curl_slist *
headers(const struct ctl *c)
{
	char token[BEARER_MAX], line[BEARER_MAX + 32];
	struct curl_slist *list;

	list = curl_slist_append(NULL, "Content-Type: application/json");
	/* Both languages fit into one sentence only if one is asked for. */
	list = curl_slist_append(list, "Accept-Language: zh");
	if (token_read(c, token)) {
		(void)snprintf(line, sizeof line, "Authorization: Bearer %s",
		    token);
		list = curl_slist_append(list, line);
		sodium_memzero(line, sizeof line);
	}
	REQUIRE(list != NULL);
	return list;
}

static bool
token_read(const struct ctl *c, char out[BEARER_MAX])
{
	const char *why;
	size_t n;

	*out = '\0';
	if (c->token_file == NULL || access(c->token_file, F_OK) != 0)
		return false;
	why = secret_file(c->token_file, out, BEARER_MAX, &n);
	if (why != NULL)
		(void)ctl_fail(CTL_USAGE, "令牌文件不能使用（权限须为 0600）", why,
		    c->token_file);
	out[strcspn(out, "\r\n")] = '\0';
	return *out != '\0';
}

static int
print(struct ctl *c, const char *path, size_t flags)
{
	json_t *got = NULL;
	int code = ctl_call(c, "GET", path, NULL, path, &got);

	if (code == CTL_OK && got != NULL && (json_dumpf(got, stdout,
	    JSON_INDENT(2) | flags) != 0 || putchar('\n') == EOF ||
	    fflush(stdout) != 0))
		code = ctl_fail(CTL_REFUSED, "无法写出结果",
		    "cannot write the answer", strerror(errno));
	json_decref(got);
	return code;
}

static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, data, size * n);
	return b->over ? 0 : size * n;
}

/* The server's sentence, and one line for each fault. */
static int
complain(const char *what, long status, const json_t *reply)
{
	const json_t *faults = json_object_get(reply, "faults"), *f;
	const char *detail = json_string_value(json_object_get(reply,
	    "detail"));
	size_t i;

	if (status == 401)
		return ctl_fail(CTL_REFUSED,
		    detail != NULL ? detail : "请先登录",
		    "sign in first: taizhangctl login", what);
	fprintf(stderr, "taizhangctl: %s: %ld %s %s\n", what, status,
	    json_string_value(json_object_get(reply, "code")) != NULL
	    ? json_string_value(json_object_get(reply, "code")) : "",
	    detail != NULL ? detail : "");
	json_array_foreach(faults, i, f) {
		const char *at = json_string_value(json_object_get(f,
		    "pointer"));
		const char *why = json_string_value(json_object_get(f,
		    "message"));
		const char *code = json_string_value(json_object_get(f,
		    "code"));

		fprintf(stderr, "  %s: %s (%s)\n", at != NULL ? at : "",
		    why != NULL ? why : "", code != NULL ? code : "");
	}
	return CTL_REFUSED;
}

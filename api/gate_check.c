/* What a request may look like before Kore's parser sees it. */
#include "gate_check.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

#define HOST_MAX 255

struct piece {
	const char *at;
	size_t len;
};

/* What the header lines told, as far as framing cares. */
struct seen {
	unsigned headers, once; /* once: bit per header of only_once[] */
	bool host, length, takes_body;
};

/* Twice would leave open which one counts. */
static const char *const only_once[] = { "host", "content-length",
	"content-type", "authorization", "if-match", "if-none-match",
	"idempotency-key", "x-http-method-override", "expect", "origin" };

static enum gate_verdict unfinished(const char *, size_t, size_t,
    struct gate_block *);
static enum gate_verdict refuse(struct gate_block *, unsigned status,
    const char *code, const char *zh, const char *en);
static enum gate_verdict bad(struct gate_block *, const char *zh,
    const char *en);
static bool bytes_ok(const char *, size_t);
static enum gate_verdict request_line(struct piece, struct seen *,
    struct gate_block *);
static enum gate_verdict header_line(struct piece, uint64_t, struct seen *,
    struct gate_block *);
static enum gate_verdict framing(struct piece name, struct piece value,
    uint64_t body_max, struct seen *, struct gate_block *);
static enum gate_verdict content_length(struct piece, uint64_t,
    struct gate_block *);
static enum gate_verdict ending(size_t len, const struct seen *,
    struct gate_block *);
static bool is(struct piece, const char *);
static bool has_token(struct piece, const char *);
static bool token_char(unsigned char);
static bool host_ok(struct piece);

enum gate_verdict
gate_check(const char *data, size_t len, size_t room, uint64_t body_max,
    struct gate_block *b)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	enum gate_verdict v;
	struct piece line;
	struct seen seen = { 0 };

	memset(b, 0, sizeof(*b));
	if (end == NULL)
		return unfinished(data, len, room, b);
	b->head = (size_t)(end - data) + 4;
	if (!bytes_ok(data, b->head))
		return bad(b, "请求头含有不允许的字节",
		    "The header block holds bytes that are not allowed.");
	line.at = data;
	line.len = (size_t)((const char *)memmem(data, len, "\r\n", 2) - data);
	v = request_line(line, &seen, b);
	while (v == GATE_PASS && line.at + line.len < end) {
		line.at += line.len + 2;
		line.len = (size_t)((const char *)memmem(line.at,
		    (size_t)(end + 2 - line.at), "\r\n", 2) - line.at);
		v = header_line(line, body_max, &seen, b);
	}
	return v == GATE_PASS ? ending(len, &seen, b) : v;
}

/* Nothing is waited for that could not become a request any more. */
static enum gate_verdict
unfinished(const char *data, size_t len, size_t room, struct gate_block *b)
{
	/* A CR may be the last byte to have arrived. */
	size_t sure = len > 0 && data[len - 1] == '\r' ? len - 1 : len;

	if (!bytes_ok(data, sure))
		return bad(b, "请求头含有不允许的字节",
		    "The header block holds bytes that are not allowed.");
	if (len > GATE_TARGET_MAX + 32 && memchr(data, '\n', len) == NULL)
		return refuse(b, 414, "uri_too_long", "请求地址过长",
		    "The request target is too long.");
	if (len >= room)
		return refuse(b, 431, "headers_too_large", "请求头过大",
		    "The header block is too large.");
	return GATE_MORE;
}

static enum gate_verdict
request_line(struct piece line, struct seen *seen, struct gate_block *b)
{
	static const struct {
		const char *name;
		bool body, old;
	} known[] = { { "GET", false, true }, { "HEAD", false, true },
		{ "POST", true, true }, { "PUT", true, false },
		{ "PATCH", true, false }, { "DELETE", false, false },
		{ "OPTIONS", false, false } };
	const char *sp = memchr(line.at, ' ', line.len);
	const char *sp2 = memrchr(line.at, ' ', line.len);
	struct piece method, target, version;
	size_t i;

	if (sp == NULL || sp2 == sp || sp == line.at)
		return bad(b, "请求行格式错误", "The request line is broken.");
	method = (struct piece){ line.at, (size_t)(sp - line.at) };
	target = (struct piece){ sp + 1, (size_t)(sp2 - sp - 1) };
	version = (struct piece){ sp2 + 1,
		(size_t)(line.at + line.len - sp2 - 1) };
	if (target.len > GATE_TARGET_MAX)
		return refuse(b, 414, "uri_too_long", "请求地址过长",
		    "The request target is too long.");
	b->target = target.at;
	b->target_len = target.len;
	if (target.len == 0 || target.at[0] != '/')
		return bad(b, "请求地址必须以 / 开头",
		    "The request target must begin with a slash.");
	for (i = 0; i < target.len; i++)
		if (target.at[i] <= ' ' || target.at[i] > '~' ||
		    target.at[i] == '#')
			return bad(b, "请求地址含有未编码的字符",
			    "Percent-encode the request target.");
	if (version.len != 8 || (memcmp(version.at, "HTTP/1.1", 8) != 0 &&
	    memcmp(version.at, "HTTP/1.0", 8) != 0))
		return refuse(b, 505, "version", "只支持 HTTP/1.1",
		    "Only HTTP/1.1 is spoken here.");
	b->old = version.at[7] == '0';
	b->close = b->old;
	for (i = 0; i < COUNT(known); i++)
		if (method.len == strlen(known[i].name) &&
		    memcmp(method.at, known[i].name, method.len) == 0)
			break;
	if (i == COUNT(known))
		return refuse(b, 501, "method_unknown", "不支持该请求方法",
		    "This method is not implemented.");
	if (b->old && !known[i].old)
		return refuse(b, 505, "version", "该方法需要 HTTP/1.1",
		    "This method needs HTTP/1.1.");
	seen->takes_body = known[i].body;
	return GATE_PASS;
}

static enum gate_verdict
header_line(struct piece line, uint64_t body_max, struct seen *seen,
    struct gate_block *b)
{
	const char *colon = memchr(line.at, ':', line.len);
	struct piece name, value;

	if (++seen->headers > GATE_HEADERS_MAX)
		return refuse(b, 431, "too_many_headers", "请求头过多",
		    "There are too many header lines.");
	if (colon == NULL || colon == line.at)
		return bad(b, "请求头格式错误", "A header line is broken.");
	name = (struct piece){ line.at, (size_t)(colon - line.at) };
	value = (struct piece){ colon + 1,
		(size_t)(line.at + line.len - colon - 1) };
	for (size_t i = 0; i < name.len; i++)
		if (!token_char((unsigned char)name.at[i]))
			return bad(b, "请求头名称含有不允许的字符",
			    "A header name holds characters that are not "
			    "allowed.");
	while (value.len > 0 && value.at[0] == ' ')
		value.at++, value.len--;
	while (value.len > 0 && value.at[value.len - 1] == ' ')
		value.len--;
	if (value.len == 0)
		return bad(b, "请求头的值为空", "A header has no value.");
	/* Kore takes anything that begins with "host" for the host. */
	if (name.len > 4 && strncasecmp(name.at, "host", 4) == 0)
		return bad(b, "请求头名称不能以 Host 开头",
		    "A header name may not begin with Host.");
	for (size_t i = 0; i < COUNT(only_once); i++)
		if (is(name, only_once[i])) {
			if (seen->once & (1u << i))
				return bad(b, "请求头重复",
				    "A header was sent twice.");
			seen->once |= 1u << i;
		}
	return framing(name, value, body_max, seen, b);
}

static enum gate_verdict
framing(struct piece name, struct piece value, uint64_t body_max,
    struct seen *seen, struct gate_block *b)
{
	if (is(name, "host")) {
		seen->host = true;
		if (!host_ok(value))
			return bad(b, "Host 请求头无效", "Host is not valid.");
	} else if (is(name, "content-length")) {
		seen->length = true;
		return content_length(value, body_max, b);
	} else if (is(name, "transfer-encoding")) {
		return refuse(b, 501, "transfer_encoding",
		    "不支持分块传输，请发送 Content-Length",
		    "Chunked bodies are not taken: send Content-Length.");
	} else if (is(name, "expect")) {
		if (!is(value, "100-continue"))
			return refuse(b, 417, "expectation", "不支持的 Expect",
			    "This expectation cannot be met.");
		b->expect = true;
	} else if (is(name, "connection") && has_token(value, "close")) {
		b->close = true;
	}
	return GATE_PASS;
}

static enum gate_verdict
content_length(struct piece value, uint64_t body_max, struct gate_block *b)
{
	b->length = value.at;
	b->length_len = value.len;
	if (value.len > 18)
		return bad(b, "Content-Length 无效",
		    "Content-Length is not a length.");
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return bad(b, "Content-Length 无效",
			    "Content-Length is not a length.");
		b->body = b->body * 10 + (uint64_t)(value.at[i] - '0');
	}
	if (b->body > body_max)
		return refuse(b, 413, "too_large", "请求内容过大，请分批发送",
		    "The body is too large: send it in parts.");
	return GATE_PASS;
}

/* The whole block is read: what does it promise to come after it? */
static enum gate_verdict
ending(size_t len, const struct seen *seen, struct gate_block *b)
{
	size_t rest = len - b->head;

	if (!seen->host)
		return bad(b, "缺少 Host 请求头", "Host is missing.");
	if (!seen->takes_body) {
		/* A body nobody asked for, or a second request sent before
		 * the first was answered: Kore would mistake the one for
		 * the other. Neither is read. */
		if (b->body > 0 || rest > 0)
			b->close = true;
		b->expect = false;
		return GATE_PASS;
	}
	if (!seen->length)
		return refuse(b, 411, "length_required",
		    "缺少 Content-Length 请求头", "Content-Length is missing.");
	if (rest > b->body)
		return bad(b, "请求内容比 Content-Length 长",
		    "The body is longer than Content-Length.");
	b->has_body = b->body > 0;
	if (b->old || !b->has_body || rest > 0)
		b->expect = false;
	return GATE_PASS;
}

static enum gate_verdict
refuse(struct gate_block *b, unsigned status, const char *code, const char *zh,
    const char *en)
{
	b->status = status;
	b->code = code;
	b->zh = zh;
	b->en = en;
	return GATE_REFUSE;
}

static enum gate_verdict
bad(struct gate_block *b, const char *zh, const char *en)
{
	return refuse(b, 400, "bad_framing", zh, en);
}

/* Printable ASCII, and line ends as CR LF only. */
static bool
bytes_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\r') {
			if (i + 1 >= n || s[i + 1] != '\n')
				return false;
			i++;
		} else if (s[i] < ' ' || s[i] > '~') {
			return false;
		}
	}
	return true;
}

static bool
is(struct piece p, const char *word)
{
	return p.len == strlen(word) && strncasecmp(p.at, word, p.len) == 0;
}

static bool
has_token(struct piece list, const char *word)
{
	const char *end = list.at + list.len;

	for (const char *p = list.at; p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		struct piece one = { p,
			(size_t)((comma == NULL ? end : comma) - p) };

		while (one.len > 0 && one.at[0] == ' ')
			one.at++, one.len--;
		while (one.len > 0 && one.at[one.len - 1] == ' ')
			one.len--;
		if (is(one, word))
			return true;
		p = comma == NULL ? end : comma + 1;
	}
	return false;
}

static bool
token_char(unsigned char c)
{
	return isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
host_ok(struct piece p)
{
	if (p.len > HOST_MAX)
		return false;
	for (size_t i = 0; i < p.len; i++)
		if (!isalnum((unsigned char)p.at[i]) &&
		    strchr(".-_:[]", p.at[i]) == NULL)
			return false;
	return true;
}

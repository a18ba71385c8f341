/* The strict XML scanner for sheets and shared strings, in one pass. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "scan.h"
#include "scan_text.h"
#include "utf8.h"

#define BLOCK ((size_t)65536)
#define TAG_MAX ((size_t)4 << 20)

static void scan_all(struct scan *);
static enum step scan_text(struct scan *);
static enum step markup(struct scan *);
static enum step declaration(struct scan *);
static enum step instruction(struct scan *);
static enum step cdata(struct scan *);
static bool skip_to(struct scan *, const char *);
static bool fill(struct scan *);

const unsigned char scan_class[256] = {
	['\0'] = C_STOP, ['\t'] = C_SPACE | C_STOP, ['\n'] = C_SPACE | C_STOP,
	['\r'] = C_SPACE | C_STOP, [' '] = C_SPACE,
	['"'] = C_STOP, ['\''] = C_STOP, ['<'] = C_STOP, ['&'] = C_STOP,
	['-'] = C_NAME, ['.'] = C_NAME, ['0' ... '9'] = C_NAME,
	['A' ... 'Z'] = C_NAME | C_START, ['a' ... 'z'] = C_NAME | C_START,
	['_'] = C_NAME | C_START, [0x80 ... 0xff] = C_NAME | C_START,
};

enum refusal
xml_scan(struct zip *zip, const struct zip_entry *e,
    const struct xml_handler *handler)
{
	struct scan *s;
	size_t i;

	s = calloc(1, sizeof(*s));
	REQUIRE(s != NULL);
	s->zip = zip;
	s->entry = e;
	s->filter.handler = handler;
	s->stream = zip_stream_open(zip, e);
	scan_all(s);
	zip_stream_close(s->stream);
	for (i = 0; i < s->nbindings; i++)
		free(s->binding[i].prefix);
	free(s->buf);
	free(s);
	return zip->why->code;
}

static void
scan_all(struct scan *s)
{
	enum step step;

	if (!fill(s))
		return;
	if (s->len >= 3 && memcmp(s->buf, "\xef\xbb\xbf", 3) == 0)
		s->pos = 3;
	while (!s->stopped) {
		if (s->pos == s->len && s->eof)
			break;
		step = s->buf[s->pos] == '<' ? markup(s) : scan_text(s);
		if (step == STEP_STOP)
			return;
		if (step == STEP_DONE) {
			s->begun = true;
			continue;
		}
		if (s->eof) {
			scan_bad(s, "cut short");
			return;
		}
		if (!fill(s))
			return;
	}
	if (s->depth != 0 || !s->root_seen)
		scan_bad(s, "cut short");
}

/* Everything up to the next '<', or a piece of it if that is far away. */
static enum step
scan_text(struct scan *s)
{
	char *p, *lt;
	size_t n, whole;
	long kept;

	p = s->buf + s->pos;
	whole = s->len - s->pos;
	lt = memchr(p, '<', whole);
	if (lt == NULL && !s->eof && whole < BLOCK)
		return STEP_MORE;
	n = lt != NULL ? (size_t)(lt - p) : s->eof ? whole :
	    text_safe_cut(p, whole);
	if (n == 0)
		return STEP_MORE;
	if (s->depth == 0) {
		if (strspn(p, " \t\r\n") < n)
			return scan_bad(s, "text outside the root element");
		s->pos += n;
		return STEP_DONE;
	}
	kept = text_decode(p, n, TEXT_CONTENT);
	if (kept < 0)
		return scan_bad(s, "a bad reference or ]]> in text");
	s->pos += n;
	if (kept > 0 && !xml_filter_text(&s->filter, p, (size_t)kept))
		return STEP_STOP;
	return STEP_DONE;
}

static enum step
markup(struct scan *s)
{
	switch (s->buf[s->pos + 1]) {
	case '\0': return STEP_MORE;
	case '/': return scan_end_tag(s);
	case '!': return declaration(s);
	case '?': return instruction(s);
	default: return scan_start_tag(s);
	}
}

static enum step
declaration(struct scan *s)
{
	const char *p;

	p = s->buf + s->pos;
	if (s->len - s->pos < 9 && !s->eof)
		return STEP_MORE;
	if (strncmp(p, "<!--", 4) == 0) {
		s->pos += 4;
		if (!skip_to(s, "--"))
			return STEP_STOP;
		while (s->pos == s->len && !s->eof)
			if (!fill(s))
				return STEP_STOP;
		if (s->buf[s->pos] != '>')
			return scan_bad(s, "-- inside a comment");
		s->pos++;
		return STEP_DONE;
	}
	if (strncmp(p, "<![CDATA[", 9) == 0 && s->depth > 0)
		return cdata(s);
	if (strncmp(p, "<!DOCTYPE", 9) == 0) {
		refuse(s->zip->why, REFUSED_DOCTYPE, "", "");
		return STEP_STOP;
	}
	return scan_bad(s, "a declaration that is not XML");
}

/* Skipped; the XML declaration may only stand at the very beginning. */
static enum step
instruction(struct scan *s)
{
	const char *p;

	p = s->buf + s->pos + 2;
	if (s->len - s->pos < 6 && !s->eof)
		return STEP_MORE;
	if (!(scan_class[(unsigned char)*p] & C_START))
		return scan_bad(s, "a processing instruction without name");
	if (strncasecmp(p, "xml", 3) == 0 &&
	    !(scan_class[(unsigned char)p[3]] & C_NAME) &&
	    (s->begun || strncmp(p, "xml", 3) != 0))
		return scan_bad(s, "an XML declaration in the middle");
	s->pos += 2;
	return skip_to(s, "?>") ? STEP_DONE : STEP_STOP;
}

static enum step
cdata(struct scan *s)
{
	char *p, *end;
	size_t n, keep;

	s->pos += 9;
	for (;;) {
		p = s->buf + s->pos;
		end = memmem(p, s->len - s->pos, "]]>", 3);
		if (end == NULL && s->eof)
			return scan_bad(s, "cut short");
		/* "]]" or CR may be the beginning of something */
		keep = end != NULL ? 0 : 3;
		n = end != NULL ? (size_t)(end - p) : s->len - s->pos;
		n = n > keep ? n - keep : 0;
		while (end == NULL && n > 0 &&
		    ((unsigned char)p[n] & 0xc0) == 0x80)
			n--;
		if (end == NULL && n > 0 && p[n - 1] == '\r')
			n--;
		keep = (size_t)text_decode(p, n, TEXT_CDATA);
		s->pos += n;
		if (keep > 0 && !xml_filter_text(&s->filter, p, keep))
			return STEP_STOP;
		if (end != NULL) {
			s->pos += 3;
			return STEP_DONE;
		}
		if (!fill(s))
			return STEP_STOP;
	}
}

/* Moves behind the next occurrence of mark, however far that is. */
static bool
skip_to(struct scan *s, const char *mark)
{
	const char *p;
	size_t n;

	n = strlen(mark);
	for (;;) {
		p = memmem(s->buf + s->pos, s->len - s->pos, mark, n);
		if (p != NULL) {
			s->pos = (size_t)(p - s->buf) + n;
			return true;
		}
		if (s->len - s->pos >= n)
			s->pos = s->len - (n - 1);
		if (s->eof) {
			scan_bad(s, "cut short");
			return false;
		}
		if (!fill(s))
			return false;
	}
}

/*
 * Drops what has been looked at and reads one block more. A token that does
 * not fit TAG_MAX is refused.
 */
static bool
fill(struct scan *s)
{
	size_t n, good;
	long got;
	bool wrong;

	s->len -= s->pos;
	if (s->pos > 0)
		memmove(s->buf, s->buf + s->pos, s->len);
	s->pos = 0;
	if (s->len > TAG_MAX) {
		scan_too_much(s);
		return false;
	}
	if (s->cap < s->len + BLOCK + sizeof(s->tail)) {
		s->cap = 2 * (s->len + BLOCK);
		s->buf = realloc(s->buf, s->cap + 1);
		REQUIRE(s->buf != NULL);
	}
	memcpy(s->buf + s->len, s->tail, s->ntail);
	got = zip_stream_read(s->stream, s->buf + s->len + s->ntail, BLOCK);
	if (got < 0)
		return false;
	n = s->ntail + (size_t)got;
	good = utf8_check(s->buf + s->len, n, &wrong);
	s->eof = got == 0;
	if (wrong || (s->eof && good < n)) {
		scan_bad(s, "bytes that are not UTF-8 text");
		return false;
	}
	s->ntail = n - good;
	memcpy(s->tail, s->buf + s->len + good, s->ntail);
	s->len += good;
	s->buf[s->len] = '\0';
	return true;
}

enum step
scan_bad(struct scan *s, const char *en)
{
	s->stopped = true;
	xml_damaged(s->zip, s->entry, en);
	return STEP_STOP;
}

enum step
scan_too_much(struct scan *s)
{
	s->stopped = true;
	refuse(s->zip->why, REFUSED_BOMB, "XML 结构过于复杂。",
	    "XML too deep, with too many attributes or too long a tag. ");
	return STEP_STOP;
}

/* multipart/form-data, taken apart as it comes in. */
#include "multipart.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "header_value.h"

static size_t before(struct multipart *, const char *, size_t);
static size_t marked(struct multipart *, const char *, size_t);
static size_t head(struct multipart *, const char *, size_t);
static size_t data(struct multipart *, const char *, size_t);
static size_t after(struct multipart *, const char *, size_t);
static size_t broken(struct multipart *, const char *wrong);
static bool pass(struct multipart *, const char *, size_t);
static bool search(struct multipart *, const char *, size_t, size_t *used);
static const char *head_read(struct multipart *);
static const char *line_read(struct multipart *, char *line);

bool
multipart_boundary(const char *type, char out[MULTIPART_BOUNDARY_MAX + 1])
{
	if (!header_is(type, "multipart/form-data") ||
	    !header_param(type, "boundary", out, MULTIPART_BOUNDARY_MAX + 1) ||
	    *out == '\0' || out[strlen(out) - 1] == ' ')
		return false;
	for (const char *p = out; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) &&
		    strchr("'()+_,-./:=? ", *p) == NULL)
			return false;
	return true;
}

void
multipart_open(struct multipart *m, const char *boundary,
    const struct multipart_sink *sink)
{
	memset(m, 0, sizeof(*m));
	m->sink = *sink;
	memcpy(m->mark, "\r\n--", 4);
	memcpy(m->mark + 4, boundary, strlen(boundary));
	m->mark_len = 4 + strlen(boundary);
	m->at = MP_BEFORE;
	m->matched = 2; /* the first boundary may open the body */
}

const char *
multipart_feed(struct multipart *m, const char *p, size_t n)
{
	static size_t (*const states[])(struct multipart *, const char *,
	    size_t) = { [MP_BEFORE] = before, [MP_MARKED] = marked,
		[MP_HEAD] = head, [MP_DATA] = data, [MP_AFTER] = after };

	while (n > 0 && m->at != MP_BROKEN) {
		size_t used = states[m->at](m, p, n);

		p += used;
		n -= used;
	}
	return m->wrong;
}

const char *
multipart_close(struct multipart *m)
{
	if (m->at != MP_AFTER && m->at != MP_BROKEN)
		(void)broken(m, "truncated");
	return m->wrong;
}

/* Each returns how many bytes it has dealt with. */
static size_t
before(struct multipart *m, const char *p, size_t n)
{
	size_t used;

	if (search(m, p, n, &used)) {
		m->at = MP_MARKED;
		m->ntail = 0;
	}
	m->extra += used;
	return m->extra > MULTIPART_EXTRA_MAX + m->mark_len
	    ? broken(m, "no_boundary") : used;
}

/* CR LF: another part; - -: the end. Blanks before are allowed. */
static size_t
marked(struct multipart *m, const char *p, size_t n)
{
	(void)n;
	if (m->ntail == 0 && (*p == ' ' || *p == '\t')) {
		if (++m->extra > MULTIPART_EXTRA_MAX)
			return broken(m, "bad_boundary");
		return 1;
	}
	m->tail[m->ntail++] = *p;
	if (m->ntail < 2)
		return 1;
	if (memcmp(m->tail, "--", 2) == 0) {
		m->at = MP_AFTER;
		m->extra = 0;
	} else if (memcmp(m->tail, "\r\n", 2) != 0) {
		return broken(m, "bad_boundary");
	} else if (++m->parts > MULTIPART_PARTS_MAX) {
		return broken(m, "too_many_parts");
	} else {
		m->at = MP_HEAD;
		m->nhead = 0;
	}
	return 1;
}

static size_t
head(struct multipart *m, const char *p, size_t n)
{
	const char *wrong;
	size_t used = 0;

	while (used < n) {
		if (m->nhead == sizeof(m->head))
			return broken(m, "part_head_too_large");
		m->head[m->nhead++] = p[used++];
		if (m->nhead == 2 && memcmp(m->head, "\r\n", 2) == 0)
			return broken(m, "part_without_name");
		if (m->nhead < 4 ||
		    memcmp(m->head + m->nhead - 4, "\r\n\r\n", 4) != 0)
			continue;
		wrong = head_read(m);
		if (wrong != NULL)
			return broken(m, wrong);
		m->at = MP_DATA;
		m->matched = 2;
		m->fresh = true;
		if (!m->sink.begin(m->sink.arg, &m->part))
			return broken(m, "stopped");
		break;
	}
	return used;
}

static size_t
data(struct multipart *m, const char *p, size_t n)
{
	size_t used;

	if (search(m, p, n, &used)) {
		m->at = MP_MARKED;
		m->ntail = 0;
		m->extra = 0;
		if (!m->sink.end(m->sink.arg))
			return broken(m, "stopped");
	}
	return m->at == MP_BROKEN ? n : used;
}

static size_t
after(struct multipart *m, const char *p, size_t n)
{
	(void)p;
	m->extra += n;
	return m->extra > MULTIPART_EXTRA_MAX ? broken(m, "trailing_bytes") : n;
}

static size_t
broken(struct multipart *m, const char *wrong)
{
	m->at = MP_BROKEN;
	if (m->wrong == NULL)
		m->wrong = wrong;
	return 1;
}

static bool
pass(struct multipart *m, const char *p, size_t n)
{
	if (n == 0 || m->at != MP_DATA || m->sink.data(m->sink.arg, p, n))
		return true;
	(void)broken(m, "stopped");
	return false;
}

/*
 * Looks for the mark, and passes on what lies before it. A CR occurs nowhere
 * in the mark but at its beginning, so a match that fails begins anew at most
 * with the byte it failed on, and what it held is the mark's own beginning.
 * (While the part is fresh, two bytes less: the CR LF of the blank line after
 * its headers, which in an empty part is also that of the mark.)
 */
static bool
search(struct multipart *m, const char *p, size_t n, size_t *used)
{
	size_t i = 0, own;

	while (i < n) {
		if (m->matched == 0) {
			const char *cr = memchr(p + i, '\r', n - i);
			size_t len = cr != NULL ? (size_t)(cr - p) - i : n - i;

			if (!pass(m, p + i, len))
				break;
			i += len;
			if (cr == NULL)
				break;
		}
		if (p[i] == m->mark[m->matched]) {
			i++;
			if (++m->matched < m->mark_len)
				continue;
			m->matched = 0;
			m->fresh = false;
			*used = i;
			return true;
		}
		own = m->fresh ? 2 : 0;
		m->fresh = false;
		if (m->matched > own &&
		    !pass(m, m->mark + own, m->matched - own))
			break;
		m->matched = 0;
	}
	*used = i;
	return false;
}

/* The headers of a part. NULL if they are fine. */
static const char *
head_read(struct multipart *m)
{
	char *line = m->head;

	memset(&m->part, 0, sizeof(m->part));
	m->head[m->nhead - 2] = '\0';
	if (memchr(m->head, '\0', m->nhead - 2) != NULL)
		return "part_head";
	while (*line != '\0') {
		char *end = strstr(line, "\r\n");
		const char *wrong;

		REQUIRE(end != NULL); /* the block ends with a line's end */
		*end = '\0';
		if (strpbrk(line, "\r\n") != NULL)
			return "part_head";
		wrong = line_read(m, line);
		if (wrong != NULL)
			return wrong;
		line = end + 2;
	}
	return *m->part.name != '\0' ? NULL : "part_without_name";
}

static const char *
line_read(struct multipart *m, char *line)
{
	struct part *part = &m->part;
	char *value = strchr(line, ':');
	char file[sizeof(part->filename)];

	if (value == NULL)
		return "part_head";
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(line, "Content-Disposition") == 0) {
		if (!header_is(value, "form-data") || *part->name != '\0' ||
		    !header_param(value, "name", part->name,
		    sizeof(part->name)) ||
		    !header_filename(value, part->filename,
		    sizeof(part->filename)) ||
		    !header_param(value, "filename", file, sizeof(file)))
			return "part_disposition";
		part->file = *part->filename != '\0' || *file != '\0';
	} else if (strcasecmp(line, "Content-Type") == 0) {
		if (strlen(value) >= sizeof(part->type) ||
		    *part->type != '\0' ||
		    strncasecmp(value, "multipart/", 10) == 0)
			return "part_type";
		memcpy(part->type, value, strlen(value) + 1);
	} else if (strcasecmp(line, "Content-Transfer-Encoding") == 0) {
		if (strcasecmp(value, "binary") != 0 &&
		    strcasecmp(value, "8bit") != 0 &&
		    strcasecmp(value, "7bit") != 0)
			return "part_encoding";
	}
	return NULL;
}

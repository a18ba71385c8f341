/* Number formats: which styles show a number as a date or a time. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "styles.h"
#include "xml.h"

#define STYLES_MAX 65536

struct custom {
	unsigned id;
	enum format format;
};

struct styles_run {
	struct zip *zip;
	unsigned depth;
	bool in_formats, in_xfs;
	size_t nxfs, xfs_cap;
	unsigned *xf;		/* number format id of each cell style */
	size_t ncustom, custom_cap;
	struct custom *custom;
};

static bool on_start(void *, enum xml_ns, const char *, size_t,
    const struct xml_attr *, size_t);
static bool on_end(void *, enum xml_ns, const char *, size_t);
static bool add_custom(struct styles_run *, const struct xml_attr *, size_t);
static bool add_xf(struct styles_run *, const struct xml_attr *, size_t);

static bool
on_text(void *arg, const char *s, size_t n)
{
	(void)arg;
	(void)s;
	(void)n;
	return true;
}

static int
by_id(const void *a, const void *b)
{
	const struct custom *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

enum refusal
styles_read(struct styles *styles, struct zip *zip,
    const struct zip_entry *e)
{
	struct styles_run run = { .zip = zip };
	const struct xml_handler handler = { .arg = &run, .start = on_start,
		.end = on_end, .text = on_text };
	struct custom *c, key;
	enum refusal code;
	size_t i;

	styles->n = 0;
	styles->format = NULL;
	if (e == NULL)
		return READ_OK;
	code = xml_small(zip, e, &handler);
	if (code == READ_OK && run.nxfs > 0) {
		styles->format = malloc(run.nxfs);
		REQUIRE(styles->format != NULL);
		styles->n = run.nxfs;
		if (run.ncustom > 0)
			qsort(run.custom, run.ncustom, sizeof(*run.custom),
			    by_id);
		for (i = 0; i < run.nxfs; i++) {
			key.id = run.xf[i];
			/* the file's own table wins over the built-in one */
			c = run.ncustom == 0 ? NULL : bsearch(&key,
			    run.custom, run.ncustom, sizeof(key), by_id);
			styles->format[i] = (unsigned char)(c != NULL ?
			    c->format : format_builtin(key.id));
		}
	}
	free(run.xf);
	free(run.custom);
	return code;
}

void
styles_free(struct styles *styles)
{
	free(styles->format);
	styles->format = NULL;
	styles->n = 0;
}

static bool
on_start(void *arg, enum xml_ns ns, const char *name, size_t len,
    const struct xml_attr *attr, size_t n)
{
	struct styles_run *run = arg;

	(void)len;
	run->depth++;
	if (ns != XML_MAIN)
		return true;
	if (run->depth == 2) {
		run->in_formats = strcmp(name, "numFmts") == 0;
		run->in_xfs = strcmp(name, "cellXfs") == 0;
	} else if (run->depth == 3 && run->in_formats &&
	    strcmp(name, "numFmt") == 0) {
		return add_custom(run, attr, n);
	} else if (run->depth == 3 && run->in_xfs && strcmp(name, "xf") == 0) {
		return add_xf(run, attr, n);
	}
	return true;
}

static bool
on_end(void *arg, enum xml_ns ns, const char *name, size_t len)
{
	struct styles_run *run = arg;

	(void)ns;
	(void)name;
	(void)len;
	run->depth--;
	return true;
}

/* Room for one more, or too many. */
static bool
grow(struct styles_run *run, void **v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	if (n >= STYLES_MAX) {
		refuse(run->zip->why, REFUSED_BOMB, "单元格样式过多。",
		    "Too many cell styles. ");
		return false;
	}
	*cap = *cap == 0 ? 256 : 2 * *cap;
	*v = reallocarray(*v, *cap, size);
	REQUIRE(*v != NULL);
	return true;
}

static bool
add_custom(struct styles_run *run, const struct xml_attr *attr, size_t n)
{
	const char *id, *code;
	void *v;

	id = xml_attr(attr, n, "numFmtId");
	code = xml_attr(attr, n, "formatCode");
	if (id == NULL || code == NULL)
		return true;
	v = run->custom;
	if (!grow(run, &v, run->ncustom, &run->custom_cap,
	    sizeof(*run->custom)))
		return false;
	run->custom = v;
	run->custom[run->ncustom].id = (unsigned)strtoul(id, NULL, 10);
	run->custom[run->ncustom++].format = format_code(code);
	return true;
}

static bool
add_xf(struct styles_run *run, const struct xml_attr *attr, size_t n)
{
	const char *id;
	void *v;

	id = xml_attr(attr, n, "numFmtId");
	v = run->xf;
	if (!grow(run, &v, run->nxfs, &run->xfs_cap, sizeof(*run->xf)))
		return false;
	run->xf = v;
	run->xf[run->nxfs++] = id == NULL ? 0 :
	    (unsigned)strtoul(id, NULL, 10);
	return true;
}

/* 27–36 and 50–58 are the East Asian ones, read as Chinese. */
enum format
format_builtin(unsigned id)
{
	static const unsigned char table[] = {
		[9] = FORMAT_PERCENT, [10] = FORMAT_PERCENT,
		[14] = FORMAT_DATE, [15] = FORMAT_DATE, [16] = FORMAT_DATE,
		[17] = FORMAT_DATE, [18] = FORMAT_TIME, [19] = FORMAT_TIME,
		[20] = FORMAT_TIME, [21] = FORMAT_TIME,
		[22] = FORMAT_DATETIME,
		[27] = FORMAT_DATE, [28] = FORMAT_DATE, [29] = FORMAT_DATE,
		[30] = FORMAT_DATE, [31] = FORMAT_DATE, [32] = FORMAT_TIME,
		[33] = FORMAT_TIME, [34] = FORMAT_TIME, [35] = FORMAT_TIME,
		[36] = FORMAT_DATE,
		[45] = FORMAT_TIME, [46] = FORMAT_DURATION,
		[47] = FORMAT_TIME,
		[50] = FORMAT_DATE, [51] = FORMAT_DATE, [52] = FORMAT_DATE,
		[53] = FORMAT_DATE, [54] = FORMAT_DATE, [55] = FORMAT_TIME,
		[56] = FORMAT_TIME, [57] = FORMAT_DATE, [58] = FORMAT_DATE,
	};

	return id < COUNT(table) ? (enum format)table[id] : FORMAT_NUMBER;
}

/* Behind a bracket: [h] [mm] [ss] are durations, anything else is not. */
static const char *
bracket(const char *p, bool *duration)
{
	const char *end;
	size_t n;

	end = strchrnul(p, ']');
	n = (size_t)(end - p);
	if (n > 0 && (strspn(p, "hH") == n || strspn(p, "mM") == n ||
	    strspn(p, "sS") == n))
		*duration = true;
	return *end == '\0' ? end : end + 1;
}

/*
 * Only the first section counts, and in it only what is not quoted, escaped
 * or bracketed. "m" is a month unless hours or seconds are near; a format
 * with nothing but "m" next to them is a time anyway.
 */
enum format
format_code(const char *p)
{
	bool day, clock, month, duration, number, percent;

	day = clock = month = duration = number = percent = false;
	while (*p != '\0' && *p != ';') {
		if (strncasecmp(p, "general", 7) == 0) {
			p += 7;
			continue;
		}
		if (strncasecmp(p, "AM/PM", 5) == 0 ||
		    strncasecmp(p, "A/P", 3) == 0) {
			clock = true;
			p += p[1] == '/' ? 3 : 5;
			continue;
		}
		switch (*p++) {
		case '"':
			p = strchrnul(p, '"');
			p += *p != '\0';
			break;
		case '\\': case '_': case '*':
			/* the next character, whatever its length */
			p += *p != '\0';
			while (((unsigned char)*p & 0xc0) == 0x80)
				p++;
			break;
		case '[':
			p = bracket(p, &duration);
			break;
		case 'y': case 'Y': case 'd': case 'D': case 'a': case 'A':
		case 'b': case 'B':
			day = true;
			break;
		case 'e': case 'E':
			/* a year in Chinese formats, else an exponent */
			if (*p != '+' && *p != '-')
				day = true;
			break;
		case 'h': case 'H': case 's': case 'S':
			clock = true;
			break;
		case 'm': case 'M':
			month = true;
			break;
		case '#': case '?':
			number = true;
			break;
		case '%':
			percent = true;
			break;
		default:
			break;
		}
	}
	if (percent || number)
		return percent ? FORMAT_PERCENT : FORMAT_NUMBER;
	if (duration)
		return FORMAT_DURATION;
	if (clock)
		return day ? FORMAT_DATETIME : FORMAT_TIME;
	return day || month ? FORMAT_DATE : FORMAT_NUMBER;
}

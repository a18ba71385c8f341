/* Shared strings: runs joined, phonetic text left out. */
#include <stdlib.h>
#include <string.h>

#include "sst.h"
#include "utf8.h"
#include "value.h"
#include "xml.h"

/* and the NUL behind it */
#define CELL_BYTES_MAX (3 * (size_t)32767 + 1)

struct sst_run {
	struct zip *zip;
	struct sst *sst;
	unsigned depth;
	unsigned skip;	/* depth inside what holds no text of the cell */
	bool in_t;
};

static bool on_start(void *, enum xml_ns, const char *, size_t,
    const struct xml_attr *, size_t);
static bool on_end(void *, enum xml_ns, const char *, size_t);
static bool on_text(void *, const char *, size_t);
static bool begin_string(struct sst_run *);
static bool end_string(struct sst_run *);
static bool too_much(struct sst_run *, const char *, const char *);

enum refusal
sst_read(struct sst *sst, struct zip *zip, const struct zip_entry *e)
{
	struct sst_run run = { .zip = zip, .sst = sst };
	const struct xml_handler handler = { .arg = &run, .start = on_start,
		.end = on_end, .text = on_text };

	memset(sst, 0, sizeof(*sst));
	return e == NULL ? READ_OK : xml_read(zip, e, &handler);
}

void
sst_free(struct sst *sst)
{
	free(sst->text);
	free(sst->at);
	memset(sst, 0, sizeof(*sst));
}

/* sst/si/t and sst/si/r/t; everything else holds no text of ours. */
static bool
on_start(void *arg, enum xml_ns ns, const char *name, size_t len,
    const struct xml_attr *attr, size_t nattrs)
{
	struct sst_run *run = arg;
	bool known;

	(void)attr;
	(void)nattrs;
	run->depth++;
	if (run->skip > 0) {
		run->skip++;
		return true;
	}
	known = false;
	if (ns == XML_MAIN) {
		switch (run->depth) {
		case 1:
			known = len == 3 && memcmp(name, "sst", 3) == 0;
			break;
		case 2:
			known = len == 2 && memcmp(name, "si", 2) == 0;
			break;
		case 3:
		case 4:
			run->in_t = known = len == 1 && name[0] == 't';
			known = known || (run->depth == 3 && len == 1 &&
			    name[0] == 'r');
			break;
		default:
			break;
		}
	}
	if (!known) {
		run->skip = 1;
		return true;
	}
	return run->depth != 2 || begin_string(run);
}

static bool
on_end(void *arg, enum xml_ns ns, const char *name, size_t len)
{
	struct sst_run *run = arg;

	(void)ns;
	(void)name;
	(void)len;
	run->depth--;
	if (run->skip > 0) {
		run->skip--;
		return true;
	}
	run->in_t = false;
	return run->depth != 1 || end_string(run);
}

static bool
on_text(void *arg, const char *s, size_t n)
{
	struct sst_run *run = arg;
	struct sst *sst = run->sst;
	char *grown;
	size_t cap;

	if (!run->in_t || run->skip > 0)
		return true;
	if (sst->len + n - sst->at[sst->n] > CELL_BYTES_MAX)
		return too_much(run, "有单元格文字超过 32767 字。",
		    "A shared string is over 32,767 characters. ");
	if (sst->len + n + 1 > run->zip->budget->text)
		return too_much(run, "文字过多。", "Too much text. ");
	if (sst->len + n + 1 > sst->cap) {
		cap = sst->cap == 0 ? 65536 : 2 * sst->cap;
		while (cap < sst->len + n + 1)
			cap *= 2;
		grown = realloc(sst->text, cap);
		if (grown == NULL)
			return too_much(run, "", "");
		sst->text = grown;
		sst->cap = cap;
	}
	memcpy(sst->text + sst->len, s, n);
	sst->len += n;
	return true;
}

static bool
begin_string(struct sst_run *run)
{
	struct sst *sst = run->sst;
	uint32_t *grown;
	size_t cap;

	if (sst->n + 2 > sst->at_cap) {
		if (sst->n > run->zip->budget->cells)
			return too_much(run, "文字条目过多。",
			    "Too many shared strings. ");
		cap = sst->at_cap == 0 ? 4096 : 2 * sst->at_cap;
		grown = reallocarray(sst->at, cap, sizeof(*grown));
		if (grown == NULL)
			return too_much(run, "", "");
		sst->at = grown;
		sst->at_cap = cap;
	}
	sst->at[sst->n] = (uint32_t)sst->len;
	return true;
}

static bool
end_string(struct sst_run *run)
{
	struct sst *sst = run->sst;
	size_t start, units;

	start = sst->at[sst->n];
	if (sst->len > start) {
		sst->len = start + unescape(sst->text + start,
		    sst->len - start);
		units = sst->len - start <= 32767 ? 0 :
		    utf8_units(sst->text + start, sst->len - start);
		if (units > 32767)
			return too_much(run, "有单元格文字超过 32767 字。",
			    "A shared string is over 32,767 characters. ");
	}
	run->in_t = true;
	if (!on_text(run, "", 1))	/* the NUL, by the same rules */
		return false;
	run->in_t = false;
	sst->n++;
	sst->at[sst->n] = (uint32_t)sst->len;
	return true;
}

static bool
too_much(struct sst_run *run, const char *zh, const char *en)
{
	refuse(run->zip->why, REFUSED_BOMB, zh, en);
	return false;
}

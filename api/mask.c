/* Profiles × classes → masks, and what a masked value looks like. */
#include "mask.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

struct band;

static const char *keep_ends(struct arena *, const char *value, size_t head,
    size_t tail, size_t stars);
static const char *contact(struct arena *, const char *value);
static const char *id_number(struct arena *, const char *value);
static const char *band(const struct band *, const char *value);
static bool whole(const char *value);

static const char *const names[PII__MAX] = { [PII_NONE] = "",
	[PII_DUTY] = "duty", [PII_CONTACT] = "contact", [PII_NAME] = "name",
	[PII_HOUSEHOLD_NO] = "household_no", [PII_INCOME] = "income",
	[PII_MEMBERS] = "members", [PII_EXPENSE] = "expense",
	[PII_IDENTITY] = "identity", [PII_HEALTH] = "health",
	[PII_MINOR] = "minor", [PII_SPECIAL] = "special", [PII_LOAN] = "loan",
	[PII_ACCOUNT] = "account", [PII_ID_NUMBER] = "id_number",
	[PII_ANSWERS] = "answers", [PII_OPINION] = "opinion",
	[PII_SIGNATURE] = "signature", [PII_LOCATION] = "location",
	[PII_DISCIPLINE] = "discipline", [PII_PERSON] = "person" };

/*
 * domain.md 5.3 by profile: a letter for each class in the order of enum pii,
 * from DUTY on – f full, p partial, b band, h hidden.
 */
static const struct view {
	const char *profile, *of;
} views[] = {
	{ "full", "ffffffffffhfppffffhf" },
	{ "township", "ffffffffffhfppffffhf" },
	{ "contacts", "ffppbbhhhhhhhhffhhhh" },
	{ "masked", "fpppbbhhhhhhhhffhhhh" },
	{ "aggregate", "fphhhhhhhhhhhhhhhhhh" },
	{ "none", "fphhhhhhhhhhhhhhhhhh" },
};

/* How an amount in 分, or a number of people, below `under` is told. */
static const struct band {
	long long under;
	const char *text;
} incomes[] = {
	{ 0, "0元以下" },
	{ 500000, "0–0.5万元" },
	{ 1000000, "0.5–1万元" },
	{ 2000000, "1–2万元" },
	{ 3000000, "2–3万元" },
	{ 5000000, "3–5万元" },
	{ 10000000, "5–10万元" },
	{ 20000000, "10–20万元" },
	{ LLONG_MAX, "20万元以上" },
}, counts[] = {
	{ 1, "0人" },
	{ 3, "1–2人" },
	{ 5, "3–4人" },
	{ 7, "5–6人" },
	{ LLONG_MAX, "7人以上" },
};

enum mask
mask_of(const char *profile, enum pii class)
{
	static const enum mask of[] = { ['f'] = MASK_NONE,
		['p'] = MASK_PARTIAL, ['b'] = MASK_BAND, ['h'] = MASK_HIDDEN };

	if (class == PII_NONE)
		return MASK_NONE;
	for (size_t i = 0; i < COUNT(views); i++)
		if (strcmp(views[i].profile, profile) == 0)
			return of[(unsigned char)views[i].of[class - 1]];
	return MASK_HIDDEN;
}

const char *
mask_text(struct arena *a, enum pii class, const char *value, enum mask mask)
{
	if (value == NULL || mask == MASK_HIDDEN)
		return NULL;
	if (mask == MASK_NONE || *value == '\0')
		return value;
	switch (class) {
	case PII_DUTY:
	case PII_NAME:
		return keep_ends(a, value, 1, 0, 1);
	case PII_CONTACT:
		return contact(a, value);
	case PII_HOUSEHOLD_NO:
	case PII_ACCOUNT:
		return keep_ends(a, value, 0, 4, 4);
	case PII_ID_NUMBER:
		return id_number(a, value);
	case PII_INCOME:
		return whole(value) ? band(incomes, value) : NULL;
	case PII_MEMBERS:
		return whole(value) ? band(counts, value) : NULL;
	default:
		return NULL;
	}
}

const char *
mask_value(struct arena *a, const struct field *f, const char *sql,
    enum mask mask)
{
	if (mask != MASK_NONE && f->type != T_TEXT && f->type != T_INT &&
	    f->type != T_MONEY)
		return NULL;
	return mask_text(a, field_pii(f), sql, mask);
}

bool
field_sensitive(const struct field *f)
{
	switch (field_pii(f)) {
	case PII_NONE:
	case PII_DUTY:
	case PII_CONTACT:
	case PII_NAME:
	case PII_HOUSEHOLD_NO:
	case PII_MEMBERS:
	case PII_OPINION:
		return f->clearance >= 3;
	default:
		return true;
	}
}

const char *
pii_name(enum pii class)
{
	return names[class];
}

enum pii
pii_find(const char *name)
{
	for (size_t i = 1; i < PII__MAX; i++)
		if (strcmp(names[i], name) == 0)
			return (enum pii)i;
	return PII_NONE;
}

/* The first and the last characters; of a short text no more than half. */
static const char *
keep_ends(struct arena *a, const char *value, size_t head, size_t tail,
    size_t stars)
{
	size_t n = utf8_len(value), first = 0, last = strlen(value);
	struct buf b;
	const char *s;

	if (tail > n / 2)
		tail = n / 2;
	for (; head > 0; head--)
		do
			first++;
		while (((unsigned char)value[first] & 0xc0) == 0x80);
	for (; tail > 0; tail--)
		do
			last--;
		while (((unsigned char)value[last] & 0xc0) == 0x80);
	buf_init(&b, 4096);
	buf_add(&b, value, first);
	while (stars-- > 0)
		buf_char(&b, '*');
	buf_str(&b, value + last);
	REQUIRE(!b.over);
	s = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return s;
}

/* A telephone keeps its ends, a mail address its first character. */
static const char *
contact(struct arena *a, const char *value)
{
	size_t n = strlen(value);

	if (n < 7 || strspn(value, "0123456789 -+") != n)
		return keep_ends(a, value, 1, 0, 4);
	return keep_ends(a, value, n < 11 ? 0 : 3, 4, 4);
}

static const char *
id_number(struct arena *a, const char *value)
{
	size_t n = utf8_len(value);

	return n < 15 ? keep_ends(a, value, 0, 4, 4)
	    : keep_ends(a, value, 3, 4, n - 7);
}

static const char *
band(const struct band *b, const char *value)
{
	long long v = strtoll(value, NULL, 10);

	while (v >= b->under)
		b++;
	return b->text;
}

static bool
whole(const char *value)
{
	size_t digits = strlen(value) - (*value == '-');

	return digits > 0 && digits <= 18 &&
	    strspn(value + (*value == '-'), "0123456789") == digits;
}

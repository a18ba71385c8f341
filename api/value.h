/*
 * A field's value at the borders: JSON, ledger text and SQL text.
 * Inside, a value is the text PostgreSQL gives and takes; NULL = null.
 */
#ifndef API_VALUE_H
#define API_VALUE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/canon.h"
#include "mask.h"
#include "model/model.h"

struct reason {
	const char *rule, *code, *zh, *en;
};

/* Code sets are data: the lookup knows the labels of the action in hand. */
struct codes; /* conf.h */

/* Exactly 2023-04-06, and a day that exists. */
bool value_is_date(const char *);
/* JSON → SQL text. false: reason is set. JSON null → NULL. */
bool value_from_json(struct arena *, const struct field *,
    const struct codes *, const json_t *, const char **sql, struct reason *);
/* What a ledger cell shows → SQL text ("" → NULL). kind is the template
 * column's. false: reason is set, the cell is held as typed. */
bool value_from_cell(struct arena *, const struct field *, enum kind,
    const struct codes *, int year, const char *shown, const char **sql,
    struct reason *);
/* SQL text → what a ledger cell shows, canonical; "" for null. */
const char *value_to_cell(struct arena *, const struct field *, enum kind,
    const struct codes *, const char *sql);
/* SQL text → JSON, appended; what is masked as mask_text() has it, else null. */
void value_to_json(struct buf *, const struct field *, const char *sql,
    enum mask);
/* A timestamptz as PostgreSQL gives it → 2023-04-06T08:00:00.000000Z. */
#define TIME_ISO 28
const char *time_iso(char out[TIME_ISO], const char *sql);
/* ISO 8601 with Z or an offset → as PostgreSQL prints it in UTC. */
bool time_utc(struct arena *, const char **text);

#endif

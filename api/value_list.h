/*
 * T_CODES and T_DECIMAL for value.c. A list of codes is PostgreSQL's text of
 * an array, {K1,K3}; an empty one is null. A decimal has its four places.
 */
#ifndef API_VALUE_LIST_H
#define API_VALUE_LIST_H

#include "value.h"

bool codes_from_json(struct arena *, const struct field *,
    const struct codes *, const json_t *, const char **sql, struct reason *);
/* Labels or codes between 、 and other commas. */
bool codes_from_cell(struct arena *, const struct field *,
    const struct codes *, const char *shown, const char **sql,
    struct reason *);
const char *codes_to_cell(struct arena *, const struct field *,
    const struct codes *, const char *sql);
void codes_to_json(struct buf *, const char *sql);
/* Of a JSON list, as history keeps it. */
const char *codes_of_json(struct arena *, const char *text);

/* PostgreSQL's text of an array of texts, as it would write it itself. */
const char *text_array(struct arena *, const char *const *, size_t n);

bool decimal_in(struct arena *, const struct field *, const char *,
    const char **sql, struct reason *);
const char *decimal_show(struct arena *, const char *sql);
void decimal_to_json(struct buf *, const char *sql);

#endif

/* What the server knows of an export: the rows a workbook is compared with. */
#ifndef AGENT_BASE_H
#define AGENT_BASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "ledger.h"
#include "plan.h"

struct base {
	const json_t *json;	/* everything below borrows from it */
	const char *export, *ledger, *instance;
	bool adopted, branch, deletions;
	long seq;
	size_t nknown;
	struct known_row *known;
	const json_t *header;	/* its row, or NULL */
};

/* The seconds a row has been seen absent since, 0 = never. */
typedef int64_t (*absent_since)(void *arg, const char *row);

/* From the reply of GET /v1/sync/exports/{id} and the workbook's columns;
 * false: the reply is not what it should be. */
bool base_read(struct arena *, const json_t *, const struct ledger *,
    absent_since, void *arg, struct base *);

/* Shadow over base. */
const char *known_value(const struct known_row *, size_t column);

/* The header block's differences as an "upd" row, or NULL: to be decref'd. */
json_t *header_op(const struct base *, const struct ledger *);

#endif

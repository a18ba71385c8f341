/*
 * What a list was asked for, read from the query once: JSON pages (list.c)
 * and downloads (list_export.c) are made of the same statement.
 */
#ifndef API_LIST_H
#define API_LIST_H

#include "base/buf.h"
#include "entity.h"
#include "request.h"

struct export;

#define LIST_SQL_MAX (64u * 1024)
#define LIST_BINDS_MAX 64
#define LIST_EXPAND_MAX 8

enum format { FORMAT_JSON, FORMAT_NDJSON, FORMAT_CSV, FORMAT_XLSX };

struct list {
	const struct entity *entity;
	struct buf where;     /* " AND …", while it is written */
	struct buf binding;
	const char *filter;   /* where, in the arena */
	const char *bound;    /* what a cursor of this list is bound to */
	const char *param[LIST_BINDS_MAX];
	unsigned nparams;
	int64_t lo, hi;	      /* the caller's range, or a part of it */
	const char *line;     /* parameter of the caller's line, or NULL */
	int sort;	      /* field */
	bool down;
	bool sorted;	      /* sort= was given */
	bool by_place;	      /* … or the rows come by division */
	bool count, voided;
	bool giver;	      /* who gave the last command is read, for may */
	long limit;
	const char *cursor;   /* "" once it is in the filter */
	const char *term;     /* of q=, for the index; else NULL */
	bool asked;	      /* … which is asked now */
	const char *as_of;    /* parameter of the time, or NULL */
	enum format format;
	struct selection selection;
	bool *need;	      /* columns to read; NULL = all */
	int expand[LIST_EXPAND_MAX]; /* fields */
	unsigned nexpand;
	struct export *export; /* list_export.c's own */
};

/* list_query.c: the parameters; false after fault(). */
bool list_read(struct request *, const struct entity *, struct list *);
/* The next parameter of the statement: "$5"; NULL when there are too many. */
const char *list_bind(struct request *, struct list *, const char *value);
/* The same, or the value itself as SQL reads it, for a field of few values. */
const char *list_value(struct request *, struct list *,
    const struct field *, const char *value);
/* As the indexes have it: what is missing sorts last. */
const char *list_sort_expr(struct arena *, const struct field *);
/* The same of a row that was read. */
const char *list_sort_key(const struct list *, const char *const *row);

/* list_filter.c, list_search.c: one condition; false after fault(). */
bool list_filter(struct request *, struct list *, const struct param *);
bool list_search(struct request *, struct list *, const char *text);
bool list_refuse(struct request *, const char *name, const char *code,
    const char *zh, const char *en);

/* list_sql.c: text of statements. */
void list_columns(struct buf *, const struct list *, bool for_people);
void list_from_where(struct request *, struct buf *, const struct list *);
/* One more column: who gave the last command on the row. */
void list_giver(struct buf *, const struct entity *);
/* Of a shared entity; prefix: of the columns, "x." or "". */
void list_shared(struct buf *, const char *prefix, int64_t lo, int64_t hi);
/* The codes of the places that lo lies in, itself perhaps among them. */
void list_above(struct buf *, int64_t lo);

/* list_expand.c: the name of what a row refers to, one level. */
bool list_expand_read(struct request *, struct list *, const char *names);
/* One more column per expanded field, after the row's own. */
void list_expand_columns(struct request *, struct buf *, const struct list *);
/* Into the object that the reply's last row is; col: the first of them. */
void list_expand_row(struct buf *, const struct list *, const struct rows *,
    int at, int col, const char *const *row);

/* list_export.c: every row, in parts. */
enum format list_format(struct request *, bool *known);
enum next list_export(struct request *, struct list *);

#endif

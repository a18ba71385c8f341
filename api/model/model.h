/*
 * The canonical model: entities, fields and lifecycle moves as const tables
 * (D1). One chapter per file; model.c registers them. SQL, validation, JSON,
 * OpenAPI, ledger columns and the contract test are derived from these and
 * from nothing else.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum type {
	T_TEXT,	    /* characters; max = characters */
	T_INT,
	T_MONEY,    /* bigint 分 */
	T_RATIO,    /* int bp */
	T_DATE,	    /* civil date */
	T_TIME,	    /* timestamptz, ISO 8601 */
	T_BOOL,
	T_CODE,	    /* code of the set `of` */
	T_REF,	    /* uuid of the entity `of` */
	T_DIVISION, /* bigint in SQL, 12-digit string in JSON */
	T_JSON,	    /* jsonb, passed through */
};

enum {
	F_REQUIRED = 1 << 0,  /* must be given on create through the API */
	F_SERVER = 1 << 1,    /* set by the server; refused in a body */
	F_CREATE = 1 << 2,    /* on create only, then fixed */
	F_COMMAND = 1 << 3,   /* changed by moves only, never written */
	F_FILTER = 1 << 4,    /* ?name= in lists */
	F_SORT = 1 << 5,      /* sort=name, an index stands behind it */
	F_ROW = 1 << 6,	      /* required for a complete ledger row:
				 missing is a row fault, not a refusal */
	F_PII = 1 << 7,
	F_LABEL = 1 << 8,     /* names the row to people */
};

struct field {
	const char *name;  /* column, JSON key, schema property */
	const char *label; /* Chinese, as printed */
	const char *text;  /* one English sentence; also the column comment */
	enum type type;
	unsigned flags;
	int clearance;	   /* who may see it: 0 open … 4 disciplinary */
	long min, max;	   /* value, or characters; 0,0 = no limit */
	const char *of;	   /* T_CODE: code set; T_REF: entity */
	const char *source;/* Y52, R-17 … */
	/* NULL if fine, else the reason in Chinese and English. */
	bool (*check)(const char *value, const char **zh, const char **en);
};

struct entity;
struct request;

/* A lifecycle command (domain.md 3.5): POST /v1/<path>/{id}/<name>. */
struct move {
	const char *name;	/* accept */
	const char *label;	/* 验收 */
	const char *text;
	const char *const *from;/* states, NULL-ended; NULL = any open */
	const char *to;
	const char *const *need;/* fields the body or the row must give */
	const char *const *take;/* fields the body may set */
	const char *const *who; /* role codes, NULL-ended */
	/* NULL if satisfied, else a stable code and what would satisfy it. */
	const char *(*guard)(struct request *, const char *const *row,
	    const char **zh, const char **en);
	const char *source;
};

struct entity {
	const char *name;  /* issue */
	const char *path;  /* issues */
	const char *table; /* issue */
	const char *label; /* 问题 */
	const char *text;
	const struct field *fields;
	size_t nfields;
	const struct move *moves;
	size_t nmoves;
	const char *state; /* name of the state field, NULL if none */
	/* Columns every business row carries (domain.md 3.1(5)) are added by
	 * common_fields: id division_code rev created_at created_by
	 * updated_at updated_by voided_at … */
	bool business;
};

extern const struct field common_fields[];
extern const size_t ncommon_fields;

void model_check(void); /* refuses to start on a broken table */
size_t entity_count(void);
const struct entity *entity_at(size_t);
const struct entity *entity_find(const char *name);
const struct entity *entity_by_path(const char *path);
/* Own fields first, then common ones; -1 when unknown. The index is the
 * column's position in every derived SELECT of the entity. */
int field_index(const struct entity *, const char *name);
const struct field *field_at(const struct entity *, int index);
size_t field_total(const struct entity *);

#endif

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

#define ENTITIES_MAX 128

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
	T_CODES,    /* text[]: codes of the set `of`, a JSON list */
	T_DECIMAL,  /* numeric(18,4), a decimal string in JSON */
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
	F_SEARCH = 1 << 9,    /* ?q= looks into it */
};

/* What a personal field tells of somebody (domain.md 5.3). Each F_PII field
 * has one, as PII(NAME) among its flags; mask.c says who sees which. */
enum pii {
	PII_NONE,
	PII_DUTY,	  /* somebody at his work: name, post, where he was */
	PII_CONTACT,	  /* his telephone, his mail */
	PII_NAME,	  /* of a household */
	PII_HOUSEHOLD_NO,
	PII_INCOME,	  /* an amount of money in 分 */
	PII_MEMBERS,	  /* a number of people */
	PII_EXPENSE,	  /* what else is known of its money */
	PII_IDENTITY,	  /* 低保, 特困, 监测 … */
	PII_HEALTH,
	PII_MINOR,
	PII_SPECIAL,	  /* 信访, 不安定因素 */
	PII_LOAN,
	PII_ACCOUNT,	  /* of a bank */
	PII_ID_NUMBER,	  /* of an identity card */
	PII_ANSWERS,	  /* JSON, each answer of its own class */
	PII_OPINION,	  /* of those who were helped, on the helper */
	PII_SIGNATURE,
	PII_LOCATION,	  /* of a home */
	PII_DISCIPLINE,
	PII_PERSON,	  /* of a person_flag: as its kind is */
	PII__MAX,
};
#define PII_SHIFT 24
#define PII(class) (F_PII | (unsigned)PII_##class << PII_SHIFT)

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

static inline enum pii
field_pii(const struct field *f)
{
	return (enum pii)(f->flags >> PII_SHIFT);
}

struct entity;
struct request;

/* What a command writes besides the fields of its body: a text, NULL (clears),
 * or @today @now @me @org @reason @next (the field's number plus one). */
struct effect {
	const char *field, *value; /* field NULL ends the list */
};

/* What a command asks of the rest of the database, in its own transaction.
 * sql is a boolean expression over r, the row as it stands before the command;
 * $1 is its id, $2 the caller's id. False or null refuses with code and the
 * sentences, which say what would satisfy it. */
struct demand {
	const char *code; /* NULL ends the list */
	const char *sql;
	const char *zh, *en;
};

enum {
	M_REASON = 1 << 0,   /* the body's reason is obligatory */
	M_EVIDENCE = 1 << 1, /* at least one piece, old or in the body */
	M_OTHER = 1 << 2,    /* not the person who gave the last command */
};

/* A lifecycle command (domain.md 3.5): POST /v1/<path>/{id}/<name>. */
struct move {
	const char *name;	/* accept */
	const char *label;	/* 验收 */
	const char *text;
	const char *const *from;/* states, NULL-ended; NULL = any open */
	const char *to;		/* NULL: the state stays */
	const char *const *need;/* fields the body or the row must give */
	const char *const *take;/* fields the body may set */
	const char *const *who; /* role codes, NULL-ended */
	/* NULL if satisfied, else a stable code and what would satisfy it. */
	const char *(*guard)(struct request *, const char *const *row,
	    const char **zh, const char **en);
	const char *source;
	unsigned flags;	/* M_… */
	const struct effect *effects;
	const struct demand *demands;
	/* Statements after the row's own, NULL-ended, each run as
	 * WITH r AS (the row as it is now) <text>; $1 id, $2 caller, $3 rev. */
	const char *const *also;
};

/* What a CHECK or a trigger of the table refuses, in words for people. */
struct refusal {
	const char *constraint; /* NULL ends the list */
	const char *field, *source;
	const char *zh, *en;
};

/* What the quality of a row is judged by: found, not refused. sql is a
 * boolean expression over r, the row; true is a finding. */
struct quality {
	const char *rule; /* NULL ends the list */
	const char *field, *code, *level; /* error warning info */
	const char *sql;
	const char *zh, *en;
};

enum action_use { ACTION_NONE, ACTION_OPTIONAL, ACTION_REQUIRED };

struct entity {
	const char *name;  /* issue */
	const char *path;  /* issues */
	const char *table; /* issue */
	const char *label; /* 问题 */
	const char *text;
	const struct field *fields;
	size_t nfields;
	size_t nlate; /* the last so many came after the table was made */
	const struct move *moves;
	size_t nmoves;
	const char *state; /* name of the state field, NULL if none */
	const char *initial;	/* the state a row begins in */
	const char *const *ended; /* states in which fields are fixed */
	const char *group; /* what roles are given rights on; NULL = name */
	/* Field whose row gives division, sector line and sensitivity (and the
	 * action, if that has one); NULL for a row of its own. */
	const char *parent;
	/* Field that tells the category of issues it is of, or the issue, or
	 * "id" of a file that may be evidence of one; NULL: special groups
	 * read it like anybody of their level (5.2). */
	const char *category;
	/* Natural key within a division and a line, NULL-ended; NULL = none. */
	const char *const *key;
	const struct refusal *refusals;
	const struct quality *quality;
	enum action_use action;
	bool append; /* rows are added, never changed */
	/* Read by everybody below its division too, on every line: forms,
	 * definitions, indicators (business_shared() in SQL). */
	bool shared;
	bool searched; /* an index has the texts of q= (business_search()) */
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
size_t entity_number(const struct entity *); /* entity_at() of it */
const struct entity *entity_find(const char *name);
const struct entity *entity_by_path(const char *path);
/* Own fields first, then common ones; -1 when unknown. The index is the
 * column's position in every derived SELECT of the entity. */
int field_index(const struct entity *, const char *name);
/* Whether q= looks through it: texts marked so, else those that name a row. */
bool field_searched(const struct entity *, const struct field *);
const struct field *field_at(const struct entity *, int index);
size_t field_total(const struct entity *);
/* Whether anybody but the server makes such rows: it has a field to fill in
 * beside the row it belongs to. What the server keeps, nobody makes void. */
bool entity_made(const struct entity *);
/* What rights on the entity are given by. */
const char *entity_group(const struct entity *);

#endif

/*
 * List, get, create, change and history of any business entity: everything
 * derives from its table in the model and from the route that was taken.
 */
#ifndef API_ENTITY_H
#define API_ENTITY_H

#include "codes.h"
#include "conf.h"
#include "model/model.h"
#include "request.h"

void entity_statements(void);
/* Routes, after those of the parts that do an operation their own way. */
void entity_init(void);
/* library-entries and library_entries → LibraryEntries, for operations. */
const char *entity_camel(struct arena *, const char *);

enum next entity_list(struct request *);
enum next entity_get(struct request *);
enum next entity_create(struct request *);
enum next entity_change(struct request *); /* PATCH and PUT */
enum next entity_history(struct request *);

/* The entity of the route that was taken. */
const struct entity *request_entity(const struct request *);
/* The action and the code sets a row is read and written with. */
const struct action_facts *row_action(const struct entity *,
    const char *const *row);
const struct codes *row_codes(const struct entity *, const char *const *row);
/* A value of a row by name; NULL when null or unknown. */
const char *row_get(const struct entity *, const char *const *row,
    const char *name);
/* From now on row_get() notes here, by column, what it is asked for, which is
 * of rows of that entity only; NULL: no more. */
void row_watch(const struct entity *, bool *asked);
void row_set(const struct entity *, const char **row, const char *name,
    const char *value);
/* Void, or in a state that ends it: its fields are fixed. */
bool row_fixed(const struct entity *, const char *const *row);
/* What a new row holds when nobody said otherwise (Y33). */
void row_defaults(const struct entity *, const struct action_facts *,
    const char **row);
/* The parts of composed texts, of the entity's templates. changed as in
 * derive_apply(). */
void row_derive(struct arena *, const struct entity *, const char **row,
    bool *changed);

/* A row that does not exist yet: body, parent (or NULL), action, defaults.
 * False when there are faults, also earlier ones. */
bool row_new(struct request *, const struct entity *, const json_t *body,
    const char *const *parent, const char **row);
/* What is shared is written by its own division and line only; other rows
 * that a caller sees are in its scope. */
bool row_owned(const struct request *, const struct entity *,
    const char *const *row);
/* NULL if the caller may change the row's fields; else why not, as a code. */
const char *row_locked(const struct request *, const struct entity *,
    const char *const *row, const char **zh, const char **en);
/* A body over the row that is there, or in its place; false after faults. */
bool row_merge(struct request *, const struct entity *, const json_t *body,
    const char **row, bool *changed);
bool row_replace(struct request *, const struct entity *, const json_t *body,
    const char **row, bool *changed);

/*
 * A JSON body over a row: every field named in it is checked and set, faults
 * of all of them are added to the request. changed[] has one entry per field.
 * False when there were faults.
 */
enum body_use {
	BODY_CHANGE,
	BODY_CREATE,
	BODY_REPLACE, /* what is fixed may be repeated as it is */
	BODY_COMMAND, /* fields that only commands change too */
};
bool body_read(struct request *, const struct entity *, const struct codes *,
    const json_t *body, enum body_use, const char **row, bool *changed);
/* Faults for what a new row must have. */
bool body_complete(struct request *, const struct entity *,
    const char *const *row);

/* One row as a JSON object: fields, labels, may, faults. Honours ?fields=;
 * NEXT_FAIL-worthy unknown names are refused by render_fields(). */
struct selection {
	bool *field; /* NULL = all */
	bool extras; /* labels, may, faults … */
};
bool render_fields(struct request *, const struct entity *,
    struct selection *);
void render_row(struct request *, struct buf *, const struct entity *,
    const char *const *row, const struct selection *);
/* Before anything is written: ?fields= names fields; false after fail(). */
bool fields_ok(struct request *, const struct entity *);
/* The whole reply: the row, its ETag, the status. */
enum next reply_row(struct request *, const struct entity *,
    const char *const *row, unsigned status);

/* Of a batch that failed on the data: 409 or 422; else 500. */
enum next fail_data(struct request *);
enum next fail_unknown(struct request *);
/* 412 with the current revision. */
enum next fail_stale(struct request *, long rev);

#endif

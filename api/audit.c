/* Events of the log: noted in the request's own batch, or, of accesses, in
 * one of their own before the reply goes out. */
#include "audit.h"

#include <string.h>

#include "base/log.h"
#include "base/uid.h"
#include "db_lane.h"
#include "problem.h"
#include "route.h"

#define SHOWN_MAX 64

/* An access that is being noted. */
struct told {
	enum { TOLD_SENT, TOLD_BACK, TOLD } state;
	enum next said;
	enum err came;
	struct batch batch;
	struct hold hold;
	struct job *job;
};

/* Fields of class 3 and 4 that the reply shows; and that it is a file. */
struct shown {
	unsigned n;
	const char *field[SHOWN_MAX];
	const char *format; /* NULL: no file */
	long rows;	    /* … of so many; -1: who knows */
};

static const struct stmt append = { "audit_append",
	"SELECT audit.append($1, $2, $3, $4::uuid, $5::bigint, $6::uuid, $7,"
	" $8::jsonb)" };
static const struct stmt *const statements[] = { &append };

static void add(struct request *, struct batch *, const struct audit_event *);
static const char *trail(struct request *, const char *session,
    const char *batch, const char *file_sha);
static const struct scope *writing(struct request *);
static struct shown *shown(struct request *);
static bool due(const struct request *);
static const char *access_detail(struct request *, enum next said);
static void came_back(void *, enum err);

void
audit_init(void)
{
	db_register(statements, COUNT(statements));
}

void
audit_note(struct request *r, const struct audit_event *e)
{
	add(r, &r->batch, e);
}

void
audit_shown(struct request *r, const char *field)
{
	struct shown *s = shown(r);

	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->field[i], field) == 0)
			return;
	if (s->n < SHOWN_MAX)
		s->field[s->n++] = field;
}

void
audit_file(struct request *r, const char *format, long rows)
{
	struct shown *s = shown(r);

	s->format = format;
	s->rows = rows;
}

void
audit_file_end(struct request *r, long rows)
{
	shown(r)->rows = rows;
	batch_open(&r->batch, &r->arena, writing(r), LANE_SLOW);
	audit_note(r, &(struct audit_event){ .verb = "export_end",
	    .entity = r->route->entity,
	    .detail = access_detail(r, NEXT_DONE) });
}

/* Who only looks leaves a trace all the same. */
static const struct scope *
writing(struct request *r)
{
	struct scope *s = arena_alloc(&r->arena, sizeof *s);

	*s = r->who.scope;
	s->looks = false;
	return s;
}

static struct shown *
shown(struct request *r)
{
	if (r->shown == NULL)
		r->shown = arena_alloc(&r->arena, sizeof *r->shown);
	return r->shown;
}

const char *
audit_trail(struct request *r, const char *batch, const char *file_sha)
{
	return trail(r, r->who.session, batch, file_sha);
}

/* In the order of audit.event's defaults; none of them has a bar in it. */
static const char *
trail(struct request *r, const char *session, const char *batch,
    const char *file_sha)
{
	const struct principal *w = &r->who;
	const char *const part[] = { r->id,
		r->route != NULL ? r->route->id : "",
		r->remote != NULL ? r->remote : "", session, w->grant,
		w->client, w->via, w->viewer, w->binding,
		batch != NULL ? batch : "", file_sha != NULL ? file_sha : "" };
	size_t n = COUNT(part);
	char *text, *p;

	for (size_t i = 0; i < COUNT(part); i++)
		n += strlen(part[i]);
	p = text = arena_alloc(&r->arena, n);
	for (size_t i = 0; i < COUNT(part); i++) {
		p = stpcpy(p, part[i]);
		*p++ = '|';
	}
	p[-1] = '\0';
	return text;
}

static void
add(struct request *r, struct batch *b, const struct audit_event *e)
{
	const char *who = r->who.id[0] != '\0' ? r->who.id : NULL;
	const char *division = who != NULL ? arena_int(&r->arena,
	    r->who.division) : NULL;

	REQUIRE(e->verb != NULL);
	batch_addv(b, &append, 8, e->verb,
	    e->outcome != NULL ? e->outcome : "ok", e->entity, e->row,
	    e->division != NULL ? e->division : division,
	    e->actor != NULL ? e->actor : who,
	    trail(r, e->session != NULL ? e->session : r->who.session, NULL,
	    NULL), e->detail);
}

/* ---- accesses ------------------------------------------------------------- */

static bool
due(const struct request *r)
{
	const struct principal *w = &r->who;

	return w->id[0] != '\0' && (w->auditor || w->client[0] != '\0' ||
	    w->via[0] != '\0' || w->viewer[0] != '\0' || r->shown != NULL ||
	    r->route->right == RIGHT_AUDIT);
}

bool
audit_access(struct request *r, enum next *said)
{
	struct told *t = r->told;
	struct audit_event e = { .verb = r->shown == NULL ? "access"
		: r->shown->format == NULL ? "disclose" : "export" };

	if (t != NULL || r->route == NULL || !due(r))
		return false;
	t = r->told = arena_alloc(&r->arena, sizeof *t);
	t->said = *said;
	t->state = TOLD_SENT;
	e.outcome = *said == NEXT_FAIL ? "refused" : "ok";
	e.entity = r->route->entity;
	e.row = r->arg[0] != NULL && uuid_ok(r->arg[0]) ? r->arg[0] : NULL;
	e.detail = access_detail(r, *said);
	batch_open(&t->batch, &r->arena, writing(r), LANE_FAST);
	add(r, &t->batch, &e);
	if (db_submit(&t->batch, &t->hold, came_back, r, &t->job))
		return true;
	t->state = TOLD;
	*said = fail(r, E_BUSY, NULL, NULL, NULL);
	return false;
}

bool
audit_waits(const struct request *r)
{
	return r->told != NULL && r->told->state == TOLD_SENT;
}

/* Nobody sees what could not be noted. */
bool
audit_told(struct request *r, enum next *said)
{
	struct told *t = r->told;

	if (t == NULL || t->state != TOLD_BACK)
		return false;
	t->state = TOLD;
	*said = t->said;
	if (t->came == OK && t->batch.failed < 0)
		return true;
	log_line(LOG_ERROR, "event=audit request=%s route=%s sqlstate=%s",
	    r->id, r->route->id, t->came != OK ? "-"
	    : rows_sqlstate(t->batch.at[t->batch.failed].rows));
	r->headers = NULL; /* of the reply that is not sent */
	*said = fail(r, E_BUSY, NULL, NULL, NULL);
	return true;
}

void
audit_forget(struct request *r)
{
	struct told *t = r->told;

	if (t == NULL)
		return;
	if (t->job != NULL)
		db_detach(t->job);
	for (unsigned i = 0; i < t->batch.n; i++)
		if (t->batch.at[i].rows != NULL)
			db_rows_free(t->batch.at[i].rows);
}

static void
came_back(void *arg, enum err err)
{
	struct request *r = arg;

	r->told->job = NULL;
	r->told->came = err;
	r->told->state = TOLD_BACK;
	request_wake(r);
}

static const char *
access_detail(struct request *r, enum next said)
{
	const struct shown *s = r->shown;
	struct buf b;
	const char *out;

	buf_init(&b, 4096);
	buf_char(&b, '{');
	if (said == NEXT_FAIL) {
		buf_key(&b, "code");
		buf_json(&b, problem_code(r));
	}
	if (s != NULL && s->format != NULL) {
		buf_key(&b, "format");
		buf_json(&b, s->format);
	}
	if (s != NULL && s->format != NULL && s->rows >= 0) {
		buf_key(&b, "rows");
		buf_printf(&b, "%ld", s->rows);
	}
	if (s != NULL && s->n > 0) {
		buf_key(&b, "fields");
		buf_char(&b, '[');
		for (unsigned i = 0; i < s->n; i++) {
			buf_comma(&b);
			buf_json(&b, s->field[i]);
		}
		buf_char(&b, ']');
	}
	buf_char(&b, '}');
	out = b.over ? NULL : arena_strndup(&r->arena, b.data, b.len);
	buf_free(&b);
	return out;
}

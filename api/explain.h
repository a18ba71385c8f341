/*
 * Why somebody can or cannot do something: of each of his grants what lets
 * him, or the conditions that refuse. Judged by the same functions as the real
 * request, with that person in the caller's place.
 */
#ifndef API_EXPLAIN_H
#define API_EXPLAIN_H

#include "model/model.h"
#include "request.h"

#define WHY_MAX 20

/* One reason, in both languages. */
struct why {
	const char *code, *zh, *en;
};

/* Those that refuse, in the order in which a request meets them. */
struct whys {
	unsigned n;
	struct why at[WHY_MAX];
};

/* Who is asked about, and what: a row, a place, or neither. */
struct explained {
	const struct entity *entity; /* NULL: of another group of rights */
	const char *group;
	const char **row;	     /* NULL: of none in particular */
	const char *place;	     /* division code, NULL */
	const struct rows *user, *grants;
	const char *giver;
	const struct rows *issues;   /* category and division of those that the
					row is of; NULL: it is one, or none */
	long evidence;
	unsigned asked[64]; /* command → statement of its demands + 1 */
	bool blind;	    /* the asker hears conditions, no values */
};

void explain_init(void); /* statements and routes; after the model's */
void explain_row_init(void);
void explain_who_init(void);

/* explain_who.c. Opens a batch that asks who it is, with his grants: by login
 * or id somebody within the caller's scope, by his own id the caller. */
void explain_who(struct request *, const char *user);
/* Takes them; false after fail(). */
bool explain_who_found(struct request *, struct explained *);
/* Opens the reply with the user. */
void explain_who_write(struct request *, const struct explained *);
/* role … clearance of one grant, as members. */
void explain_grant_write(struct request *, const struct explained *, int);
/* The caller becomes the person, signed in by that grant. */
void explain_as(struct request *, const struct explained *, int grant);
/* The row r->arg[0] with what its commands depend on: planned, and taken from
 * the same batch; false after fail(). */
void explain_row(struct request *, const struct entity *);
bool explain_row_found(struct request *, struct explained *);

/* explain_why.c. Plans what commands ask of other tables, of all or of one. */
void explain_demands(struct request *, struct explained *,
    const struct move *only);
/* Of him whom explain_as() put in the caller's place. */
void why_person(struct request *, const struct explained *, int grant,
    struct whys *);
void why_verb(struct request *, const struct explained *, unsigned verb,
    struct whys *);
void why_unseen(struct request *, const struct explained *, struct whys *);
void why_locked(struct request *, const struct explained *, struct whys *);
void why_move(struct request *, const struct explained *, size_t move,
    struct whys *);

void why_write(struct buf *, const struct why *);
void why_write_all(struct buf *, const struct whys *);

#endif

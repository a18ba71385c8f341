/*
 * What the database says about actions, as this worker last read it: code
 * sets, phases, parameters, signing keys. Read again as soon as a request
 * sees that server_state.conf_seq has grown. A snapshot stays valid for the
 * longest life of a request after its successor came.
 */
#ifndef API_CONF_H
#define API_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codes.h"
#include "conf_forms.h"
#include "db.h"
#include "derive.h"

struct action_phase {
	int seq;
	const char *kind, *name, *start_on, *end_on; /* end_on "" = open */
};

struct action_facts {
	const char *id, *code, *name, *short_name;
	int64_t division;
	int year;
	const char *start_on, *end_on, *status;
	const char *lead_orgs; /* JSON list of organisation codes */
	const struct codes *codes;
	const struct action_phase *phase;
	size_t nphases;
	const char *const *param; /* key, value, key, value … */
	size_t nparams;		  /* pairs */
};

struct role;
struct roles {
	const struct role *role;
	size_t n;
};

/* Registers its statements; before the workers connect. */
void conf_init(void);
/* The snapshot's sequence; 0 = nothing read yet. */
long conf_seq(void);
/* Adds the question whether it has changed; whether the answer is yes. */
unsigned conf_ask(struct batch *);
bool conf_changed(const struct batch *, unsigned index);
/* Adds the statements that read everything, to an empty batch with the
 * system's scope, and takes their rows. */
void conf_plan(struct batch *);
void conf_take(const struct batch *);

/* By id or code; NULL when unknown. */
const struct action_facts *conf_action(const char *id_or_code);
/* The only action under way where a division lies; NULL: none, or several. */
const struct action_facts *conf_action_of(int64_t division);
size_t conf_actions(void);
const struct action_facts *conf_action_at(size_t);
/* A parameter's text, or NULL. */
const char *action_param(const struct action_facts *, const char *key);
/* Sets without any action; never NULL once something was read. */
const struct codes *conf_codes(void);
const char *conf_epoch(void);
const struct roles *conf_roles(void); /* never NULL */
/* The parts of composed texts that the templates of an entity derive; NULL
 * when no template does. */
const struct derive *conf_derive(const char *entity);
/* What a form's answers tell of people; none: the form is not known yet. */
struct form_classes conf_answers(const char *form);
struct form_classes conf_categories(const char *form);

#endif

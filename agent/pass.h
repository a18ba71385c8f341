/* One workbook going through the pipeline of sync.c: what each stage has
 * found so far. Lives as long as the pass. */
#ifndef AGENT_PASS_H
#define AGENT_PASS_H

#include <jansson.h>
#include <stdbool.h>

#include "base.h"
#include "base/arena.h"
#include "ledger.h"
#include "plan.h"
#include "push.h"
#include "site.h"
#include "state.h"
#include "xlsx/workbook.h"

#define PASS_MEMORY ((size_t)2 << 30)

/* What is to be said of the file, to staff and to the server. */
struct verdict {
	const char *state;	/* ok, quarantined, held, copy, unmatched */
	const char *code;
	const char *zh, *en;
	const char *advice;	/* zh: what to do; NULL: no note beside it */
};

struct pass {
	struct arena arena;
	struct site *site;
	struct file_state *file;
	const char *sha;	/* the version in the spool */

	int fd;			/* look: the spool copy */
	struct workbook *book;
	struct identity id;
	const char *ledger_id, *export_id, *instance;
	enum role role;
	bool known_bytes;	/* a copy that says nothing new */
	struct template template;
	struct ledger ledger;

	json_t *base_json;	/* fetch */
	struct base base;

	struct plan plan;	/* decide */
	json_t *rows;		/* what is to be pushed */
	size_t napart;		/* rows that the server did not take */

	bool decided;		/* by staff: the workbook does not show it yet */
	size_t merged;		/* tell: rows that changed the server */
	size_t conflicts;	/* tell: rows that both sides changed */
	bool incomplete;	/* something did not reach the server */
	struct verdict verdict;
};

/* ---- look.c: from the spool copy to rows. false: p->verdict says why, the
 * version is dealt with; *e = E_BUSY: not now. ---- */
bool pass_look(struct pass *, enum err *e);
/* The copy of another file of the same instance gets an export of its own,
 * a form without identity one with a blank base. */
bool pass_adopt(struct pass *, enum err *e);

/* ---- look_csv.c ---- */
bool csv_named(const char *path);
/* Does the file hold a ledger's headings? */
bool csv_ledger(struct pass *, enum err *);

/* ---- decide.c ---- */
bool pass_fetch(struct pass *, enum err *e);
void pass_decide(struct pass *);
enum err pass_tell(struct pass *);
/* Decisions of the 冲突 sheet. */
enum err pass_resolve(struct pass *);
void pass_remember(struct pass *);

/* ---- deliver.c: a new export into the workbook ---- */
bool pass_due(struct pass *);
enum err pass_deliver(struct pass *);

bool pass_refuse(struct pass *, const char *state, const char *code,
    const char *zh, const char *en, const char *advice);

#endif

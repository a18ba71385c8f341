/* Who is signed in shows once more that he knows his password. */
#include "prove.h"

#include "audit.h"
#include "identity.h"
#include "login.h"

enum { NEW, ASKED, CHECKED, COUNTED };

static const struct stmt own_hash = { "prove_hash",
	"SELECT password FROM app_user WHERE id = $1::uuid" };
static const struct stmt *const statements[] = { &own_hash };

void
prove_init(void)
{
	db_register(statements, COUNT(statements));
}

enum next
prove(struct request *r, struct prove *p, const char *password)
{
	switch (p->phase++) {
	case NEW:
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		batch_addv(&r->batch, &own_hash, 1, r->who.id);
		lock_ask(r, r->who.login);
		return NEXT_DB;
	case ASKED:
		if (locked(r, batch_rows(&r->batch, 1)))
			return NEXT_FAIL;
		return password_verify(r, password,
		    rows_n(batch_rows(&r->batch, 0)) == 1 ?
		    rows_text(batch_rows(&r->batch, 0), 0, 0) : "!", &p->ok);
	case CHECKED:
		if (p->ok)
			return NEXT_DONE;
		batch_open(&r->batch, &r->arena, &scope_system, LANE_FAST);
		lock_count(r, r->who.login);
		audit_note(r, &(struct audit_event){ .verb = "password",
		    .outcome = "failed", .entity = "app_user",
		    .row = r->who.id });
		return NEXT_DB;
	default:
		if (r->batch.failed >= 0)
			return fail(r, E_BUSY, NULL, NULL, NULL);
		return fail(r, E_DENIED, "password_wrong", "密码不正确",
		    "The password is wrong.");
	}
}

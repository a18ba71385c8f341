/* Personal values that were kept long enough (5.3): erased, with a report. */
#include <string.h>

#include "base/log.h"
#include "jobs.h"

#define AT_ONCE "100" /* rows of a transaction: meanwhile nothing is sealed */

bool
jobs_privacy(void)
{
	const char *most[] = { AT_ONCE }, *done[1];
	PGresult *r;
	bool any;

	jobs_begin(&jobs_everything);
	r = jobs_ask("SELECT pii_expire($1::int)::text", 1, most);
	any = r != NULL && strcmp(jobs_text(r, 0, 0), "{}") != 0;
	if (any) {
		done[0] = jobs_text(r, 0, 0);
		PQclear(jobs_ask("SELECT audit.append('retention', 'ok', NULL,"
		    " NULL, 0, NULL, '', jsonb_build_object('rows',"
		    " $1::jsonb))", 1, done));
	}
	if (jobs_end() && any)
		log_line(LOG_INFO, "event=retention rows=%s", done[0]);
	else
		any = false;
	PQclear(r);
	return any;
}

/* Files that nobody refers to: what broken uploads leave is taken away. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "jobs.h"
#include "settings.h"
#include "store.h"

#define SHARES 144u /* ten minutes each, a day together */

static bool look(void *, const char *sha256, uint64_t bytes, time_t at);

void
jobs_files(void)
{
	static unsigned share;
	const char *folder = settings()->files;
	unsigned n = STORE_PARTS / SHARES + 1, removed = 0, temp;

	if (folder == NULL)
		return;
	temp = store_sweep_temp(folder);
	if (!store_each(folder, share * n, n, look, &removed))
		log_line(LOG_ERROR, "event=store_sweep reason=%s",
		    log_q(strerror(errno)));
	share = (share + 1) % SHARES;
	if (removed + temp > 0)
		log_line(LOG_INFO, "event=store_sweep files=%u unfinished=%u",
		    removed, temp);
}

static bool
look(void *arg, const char *sha256, uint64_t bytes, time_t at)
{
	const char *const p[] = { sha256 };
	unsigned *removed = arg;
	bool unused;
	PGresult *r;

	(void)bytes;
	if (time(NULL) - at <= STORE_KEEP_S)
		return true;
	jobs_begin(&jobs_everything);
	r = jobs_ask("SELECT count(*) FROM (SELECT FROM attachment"
	    " WHERE sha256 = $1 LIMIT 1) AS one", 1, p);
	unused = r != NULL && strcmp(jobs_text(r, 0, 0), "0") == 0;
	PQclear(r);
	if (!jobs_end())
		return false;
	if (!unused)
		return true;
	switch (store_remove(settings()->files, sha256)) {
	case 1:
		++*removed;
		break;
	case -1:
		log_line(LOG_ERROR, "event=store_sweep file=%s reason=%s",
		    sha256, log_q(strerror(errno)));
		return false;
	}
	return true;
}

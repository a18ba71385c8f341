/* The guards of the model's moves need a server; a test of the tables gives
 * no commands. request.h itself clashes with cmocka's fail(). */
#ifndef TESTS_NO_GUARDS_H
#define TESTS_NO_GUARDS_H

struct request;

#define NO_GUARD(name)                                                         \
	const char *name(struct request *, const char *const *,                \
	    const char **, const char **);                                     \
	const char *name(struct request *r, const char *const *row,            \
	    const char **zh, const char **en)                                  \
	{                                                                      \
		(void)r;                                                       \
		(void)row;                                                     \
		*zh = *en = NULL;                                              \
		fail_msg("a guard was asked");                                 \
		return NULL;                                                   \
	}

NO_GUARD(guard_due)
NO_GUARD(guard_on_spot)
NO_GUARD(guard_complete)
NO_GUARD(guard_accept)
NO_GUARD(guard_reject)
NO_GUARD(guard_suspend)
NO_GUARD(guard_merge)

#endif

/* What an action says about itself; pure, for the rules and their tests. */
#include <string.h>

#include "conf.h"

const char *
action_param(const struct action_facts *a, const char *key)
{
	for (size_t i = 0; a != NULL && i < a->nparams; i++)
		if (strcmp(a->param[2 * i], key) == 0)
			return a->param[2 * i + 1];
	return NULL;
}

/* Which rows of a shared entity are seen; of no other file of lists, for the
 * job runner reads the feed with it. */
#include "list.h"

/* What is shared is also seen from below. */
void
list_shared(struct buf *b, const char *prefix, int64_t lo, int64_t hi)
{
	buf_printf(b, "(%sdivision_code BETWEEN %lld AND %lld OR "
	    "%sdivision_code IN (", prefix, (long long)lo, (long long)hi,
	    prefix);
	list_above(b, lo);
	buf_str(b, "))");
}

void
list_above(struct buf *b, int64_t lo)
{
	static const int64_t width[] = { 1000, 1000000, 100000000,
		10000000000, 1000000000000 };

	for (size_t i = 0; i < COUNT(width); i++)
		buf_printf(b, "%s%lld", i > 0 ? ", " : "",
		    (long long)(lo - lo % width[i]));
}

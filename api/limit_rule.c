/* How a quota is counted (GCRA): by when it will be whole again. */
#include "limit.h"

#define SECOND UINT64_C(1000000000)

bool
limit_take(uint64_t *full_ns, uint64_t now, unsigned q, unsigned window_s,
    unsigned *left, unsigned *wait_s)
{
	uint64_t step = window_s * SECOND / q, room = window_s * SECOND;
	uint64_t from = *full_ns > now ? *full_ns : now, next = from + step;

	*left = 0;
	if (next - now > room) {
		*wait_s = (unsigned)((next - now - room) / SECOND + 1);
		return false;
	}
	*full_ns = next;
	*left = (unsigned)((room - (next - now)) / step);
	*wait_s = (unsigned)((next - now + SECOND - 1) / SECOND);
	return true;
}

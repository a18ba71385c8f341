/* Who is signed in shows once more that he knows his password. */
#ifndef API_PROVE_H
#define API_PROVE_H

#include "request.h"

struct prove {
	int phase;
	bool ok;
};

void prove_init(void);
/* Called until it is NEXT_DONE: proven. A failure counts as one of signing
 * in, and is refused as password_wrong. */
enum next prove(struct request *, struct prove *, const char *password);

#endif

/* Why somebody can or cannot see a row and give its commands. */
#ifndef API_EXPLAIN_H
#define API_EXPLAIN_H

void explain_init(void); /* statements and routes; after the model's */

#endif

/* Findings on the quality of one row, from the model's tables. */
#ifndef API_QUALITY_H
#define API_QUALITY_H

void quality_init(void); /* statements and routes; after query_init() */

#endif

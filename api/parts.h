/* What belongs to a row: commands, evidence, an issue's notes. */
#ifndef API_PARTS_H
#define API_PARTS_H

void parts_init(void); /* statements and routes; after record_init() */

#endif

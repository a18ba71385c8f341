/* What belongs to an issue: its progress and acceptances. */
#ifndef API_PARTS_H
#define API_PARTS_H

void parts_init(void); /* statements and routes */

#endif

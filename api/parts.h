/* What belongs to an issue: its progress, acceptances and evidence. */
#ifndef API_PARTS_H
#define API_PARTS_H

void parts_init(void); /* statements and routes */

#endif

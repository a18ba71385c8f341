/* Every part that brings routes, statements or hooks of its own. */
#ifndef API_CHAPTERS_H
#define API_CHAPTERS_H

/* Before the workers start; calls the parts' own functions below. */
void chapters(void);

void health_register(void);

#endif

/* Lists by a text: the condition, and the index that is asked before. */
#ifndef API_LIST_SEARCH_H
#define API_LIST_SEARCH_H

#include "list.h"

/* The text as conditions have it. */
const char *list_lowered(struct request *, const char *text);
/* Plans the question to the index; false when there is none to ask. */
bool search_ask(struct request *, struct list *);
/* Its answer, for the statement of the list. */
void search_take(struct request *, struct list *);

#endif

/* What the agent did, one JSON object per line on standard error; names of
 * files and counts, never the contents of cells. */
#ifndef AGENT_EVENT_H
#define AGENT_EVENT_H

/* Pairs of key and text, ended by NULL. */
void event(const char *level, const char *what, ...)
    __attribute__((sentinel));
/* A number as text, in one of eight rotating buffers. */
const char *event_n(long long);
/* Off for commands that speak to a person instead. */
void event_quiet(int quiet);

#endif

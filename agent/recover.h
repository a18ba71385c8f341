/* Finishes or undoes the swaps a crash interrupted, by hashes alone. */
#ifndef AGENT_RECOVER_H
#define AGENT_RECOVER_H

#include "site.h"

void recover_intents(struct site *);

#endif

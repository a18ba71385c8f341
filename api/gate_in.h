/* What the files of the gate share: the state of one connection. */
#ifndef API_GATE_IN_H
#define API_GATE_IN_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

enum phase {
	PHASE_IDLE,   /* between requests, not a byte of the next has come */
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_BUSY,   /* the handler has it */
	PHASE_PART,   /* so far answered, the rest follows */
	PHASE_ANSWER, /* answered, but the client is slow to read */
	PHASE_REARM,  /* read at last: the next turn listens again */
	PHASE_LINGER, /* said all; waits for the client to close */
};

/* A body that its handler takes piece by piece (gate_body.c). */
struct inflow {
	const char *head; /* what came with the header block */
	size_t head_len;
	uint64_t left;	  /* not given to the handler yet, head included */
	bool expect;	  /* the client waits to be told to go on */
	char *into;	  /* where the handler wants the next piece */
	size_t room, *got;
	bool inside, done;
	size_t lately;	  /* bytes since the phase was set */
};

/* Hangs on the connection; Kore frees it. */
struct gate {
	enum phase phase;
	uint64_t since;
	bool close;
	struct inflow in;
	char remote[INET6_ADDRSTRLEN];
};

void gate_phase(struct gate *, enum phase);
/* For the head of the next request. */
void gate_listen(struct connection *);
/* Sends what is queued; then the next request, or the end. */
void gate_send_all(struct connection *);
bool gate_draining(void);
/* Nothing is read until somebody asks again. */
void gate_pause(struct connection *);
/* 100 Continue; false when the connection broke. */
bool gate_continue(struct connection *);

#endif

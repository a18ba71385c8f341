/*
 * What a request may look like before Kore's parser sees it: pure, so that
 * it can be tested and fuzzed by itself. Kore 4.1.0 trusts too much (bodies
 * on GET, duplicate lengths, bare CR, a 24th header …), and behind a proxy
 * each of these is a way to smuggle a request into somebody else's answer.
 */
#ifndef API_GATE_CHECK_H
#define API_GATE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_HEADERS_MAX 23 /* Kore drops the 24th without a word */
#define GATE_TARGET_MAX 1900

enum gate_verdict {
	GATE_MORE,   /* the header block has not ended yet */
	GATE_PASS,
	GATE_REFUSE, /* answer status and close */
};

struct gate_block {
	const char *target; /* in the data, target_len bytes */
	size_t target_len;
	size_t head;	/* bytes of the header block with its blank line */
	uint64_t body;	/* announced Content-Length */
	const char *length; /* its digits in the data, length_len of them */
	size_t length_len;
	bool has_body;	/* the method takes one and body > 0 */
	bool close;	/* answer, then close: nothing after it is trusted */
	bool expect;	/* waits for 100 Continue */
	bool old;	/* HTTP/1.0 */
	unsigned status;
	const char *code, *zh, *en;
};

/* data: what has arrived so far, at most room bytes (room = the buffer). */
enum gate_verdict gate_check(const char *data, size_t len, size_t room,
    uint64_t body_max, struct gate_block *);

#endif

/*
 * Rows on the pipe between the cage and its keeper: u32 length, u8 kind,
 * payload, in the byte order of the machine.
 */
#ifndef XLSX_FRAME_H
#define XLSX_FRAME_H

#include "refuse.h"

enum frame_kind { FRAME_BOOK = 'B', FRAME_SHEET = 'S', FRAME_ROW = 'R',
	FRAME_MERGE = 'M', FRAME_END = 'E' };

/* ---- writing, in the child ---- */

struct frame_writer {
	int fd;
	bool failed;
	char *data;
	size_t len, cap;
};

/* A sink whose arg is the writer. */
extern const struct row_sink frame_sink;
/* The last frame; writes everything out. */
void frame_end(struct frame_writer *, enum refusal, const char *zh,
    const char *en);

/* ---- reading, in the parent: nothing is believed ---- */

struct frame_reader {
	const struct budget *budget;
	const struct row_sink *sink;
	struct why *why;
	bool ended;		/* the last frame was seen */
	bool stopped;		/* by the sink */
	size_t sheets;
	uint64_t text, cells, merges;
	struct cell *cell;
	size_t cell_cap;
};

/*
 * Takes whole frames from data, which must be writable; returns the bytes
 * used, or -1: not what a healthy child writes.
 */
long frame_read(struct frame_reader *, char *data, size_t len);
/* Bytes that the frame at data will have, 0 = not known yet. */
size_t frame_size(const char *data, size_t len);
void frame_reader_free(struct frame_reader *);

#endif

/*
 * A workbook as the agent sees it, whoever saved it (xlsx.md 1.1), and the
 * three things done with one: read, write fresh, patch in place.
 *
 * Row and column numbers are 1-based here (row 6, column 2 = B6).
 */
#ifndef XLSX_WORKBOOK_H
#define XLSX_WORKBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum cell_type {
	CELL_BLANK,
	CELL_TEXT,
	CELL_NUMBER,
	CELL_DATE,  /* a number with a date format; text is ISO 8601 */
	CELL_TIME,  /* duration or time of day */
	CELL_BOOL,
	CELL_ERROR, /* #N/A … */
};

struct cell {
	unsigned col;
	enum cell_type type;
	bool formula;	  /* value is the cached one; "" if none was kept */
	bool inexact;	  /* a number of ≥ 16 digits: digits are lost */
	double number;	  /* NUMBER, DATE, TIME, BOOL */
	const char *text; /* always set, valid UTF-8: number as %.15g */
};

struct row {
	unsigned row;
	bool hidden;
	size_t ncells;	  /* in column order, blanks left out */
	const struct cell *cell;
};

enum visibility { SHEET_VISIBLE, SHEET_HIDDEN, SHEET_VERY_HIDDEN };

struct range {
	unsigned row1, col1, row2, col2;
};

struct sheet {
	const char *name;
	enum visibility visibility;
	size_t nrows;	  /* in row order, empty rows left out */
	const struct row *row;
	size_t nmerges;
	const struct range *merge;
};

struct workbook {
	size_t nsheets;	  /* in workbook order */
	const struct sheet *sheet;
	bool date1904;
};

/* Why a file cannot be read exactly: each has its own sentence and its own
 * exit code of `inspect` (10 + value). */
enum refusal {
	READ_OK = 0,
	REFUSED_EMPTY,	      /* 0 bytes */
	REFUSED_NOT_ZIP,      /* not a workbook at all */
	REFUSED_TRUNCATED,    /* half copied: may still be arriving */
	REFUSED_DAMAGED,      /* CRC, XML, structure */
	REFUSED_ENCRYPTED,    /* password */
	REFUSED_XLS,	      /* .xls, .et: save as .xlsx */
	REFUSED_XLSB,
	REFUSED_HTML,	      /* HTML or XML 2003 named .xls */
	REFUSED_ODS,
	REFUSED_OWNER_FILE,   /* ~$….xlsx */
	REFUSED_MACROS,	      /* vbaProject, external links, DDE, OLE */
	REFUSED_DOCTYPE,
	REFUSED_BOMB,	      /* over a budget */
	REFUSED_TIMEOUT,      /* the child was stopped or died */
	REFUSED_IO,
	REFUSED_UNPATCHABLE,  /* can be read, but not changed without harm */
	REFUSED__MAX
};

struct budget {
	size_t packed;	      /* bytes of the file */
	size_t entries;
	uint64_t inflated;    /* bytes, counted while inflating */
	uint64_t text;	      /* bytes of cell text given out */
	uint64_t cells;
	unsigned seconds;     /* CPU of the child */
	size_t memory;	      /* address space of the child */
};
extern const struct budget budget_default;

/*
 * Reads the whole workbook from fd (a private copy, never a shared file) in a
 * sandboxed child. Everything in *out lives in the arena. zh and en get the
 * sentence for people, naming sheet and cell where there is one.
 */
enum refusal workbook_read(struct arena *, int fd, const struct budget *,
    struct workbook **out, const char **zh, const char **en);

/*
 * Streaming, in this process and without a cage: bench and tests. Rows come
 * in the order in which they are written. What was given means nothing if a
 * refusal follows. zh and en last until the next call in this thread.
 */
struct row_sink {
	void *arg;
	/* false stops; all but row may be NULL */
	bool (*book)(void *arg, bool date1904);
	bool (*sheet)(void *arg, size_t index, const char *name,
	    enum visibility);
	bool (*row)(void *arg, const struct row *);
	bool (*merge)(void *arg, const struct range *);
};
enum refusal workbook_stream(int fd, const struct budget *,
    const struct row_sink *, const char **zh, const char **en);

/* ---- patching a staff-owned package (xlsx.md 4) ---- */

enum put_type { PUT_BLANK, PUT_TEXT, PUT_NUMBER };
struct put {
	unsigned row, col;
	enum put_type type;
	const char *text;
	double number;
};

struct sheet_patch {
	const char *name;     /* of an existing sheet */
	bool replace;	      /* all rows of the sheet are given: agent-owned
				 sheets (校验结果, 冲突, _meta) */
	size_t nputs;	      /* sorted by row, then column */
	const struct put *put;
	unsigned style_row;   /* rows the sheet does not have yet take their
				 styles, and their validations, from this
				 row, best the last of the data; 0 = none */
	unsigned hide_col;    /* this column becomes hidden; 0 = none */
	/* for a sheet that is added: */
	unsigned hidden_from; /* columns from this one on; 0 = none */
	unsigned choice_col;  /* offers choices ("采用系统,采用本表"); */
	const char *choices;  /* NULL = none */
};

/*
 * Writes to out_fd a copy of the package in fd with these cells changed,
 * every other part byte for byte. Missing agent-owned sheets are added
 * (_meta very hidden). Formula cells are never overwritten.
 */
enum refusal workbook_patch(int fd, int out_fd, const struct sheet_patch *,
    size_t npatches, const char **zh, const char **en);

#endif

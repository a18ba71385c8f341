/*
 * A pen for libxlsxwriter 1.1.4 that cannot fall into its holes: text is
 * checked and escaped, numbers are finite, lists live on a sheet (its list
 * strings overflow), every return code is read. The first fault stays in
 * why; later strokes do nothing. Rows and columns are 1-based.
 */
#ifndef XLSX_LXW_H
#define XLSX_LXW_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <xlsxwriter.h>

#include "base/arena.h"
#include "workbook.h"

struct pen {
	lxw_workbook *book;
	struct arena *arena;
	char *why;
	size_t why_size;
	bool bad;
};

/* How a cell looks; zero = what the library does. */
struct look {
	const char *font;
	double size;
	bool bold, wrap, centered, middle, border, unlocked, text;
	const char *number; /* number format, NULL = General */
	lxw_color_t fill;   /* 0 = none */
};

struct pen_choice {
	const char *source; /* formula of the list's range; NULL: any text */
	bool open;	    /* other values are allowed after a warning */
	size_t max;	    /* without source: characters, 0 = no limit */
	const char *title, *prompt, *error;
};

/* Scratch files are made in folder, which must be private. */
bool pen_open(struct pen *, struct arena *, const char *path,
    const char *folder, char *why, size_t why_size);
bool pen_close(struct pen *); /* always call it; true: all was written */
void pen_fault(struct pen *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void pen_about(struct pen *, const char *title, const char *company,
    time_t created);
void pen_mark(struct pen *, const char *key, const char *value);
lxw_worksheet *pen_sheet(struct pen *, const char *name);
lxw_format *pen_format(struct pen *, const struct look *);

void pen_text(struct pen *, lxw_worksheet *, unsigned row, unsigned col,
    const char *, lxw_format *);
void pen_number(struct pen *, lxw_worksheet *, unsigned row, unsigned col,
    double, lxw_format *);
void pen_blank(struct pen *, lxw_worksheet *, unsigned row, unsigned col,
    lxw_format *);
void pen_merge(struct pen *, lxw_worksheet *, const struct range *,
    const char *, lxw_format *);
void pen_row(struct pen *, lxw_worksheet *, unsigned row, double height,
    lxw_format *);
void pen_width(struct pen *, lxw_worksheet *, unsigned col, double width,
    lxw_format *, bool hidden);
void pen_choose(struct pen *, lxw_worksheet *, const struct range *,
    const struct pen_choice *);
void pen_name(struct pen *, const char *name, const char *formula);
void pen_shade(struct pen *, lxw_worksheet *, const struct range *,
    const char *formula, lxw_format *);
void pen_check(struct pen *, lxw_error, const char *what);

#endif

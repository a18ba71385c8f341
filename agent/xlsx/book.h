/*
 * The parts of a workbook package: found through its relationships, never
 * by guessing names (xlsx.md 1.1).
 */
#ifndef XLSX_BOOK_H
#define XLSX_BOOK_H

#include "base/arena.h"
#include "workbook.h"
#include "zip.h"

struct relation {
	const char *id;
	const char *type;   /* the last segment: "worksheet", "styles" */
	const char *target; /* part name without leading '/', resolved; for
			       external ones as written */
	bool external;
	const struct zip_entry *entry; /* NULL: external or absent */
};

struct relations {
	size_t n;
	struct relation *relation;
};

struct book_sheet {
	const char *name;
	enum visibility visibility;
	const char *id;			/* r:id in workbook.xml */
	unsigned sheet_id;
	const char *type;		/* worksheet, chartsheet, … */
	const struct zip_entry *entry;	/* never NULL */
};

struct book {
	const struct zip_entry *entry;	/* xl/workbook.xml */
	const struct zip_entry *content_types;
	const struct zip_entry *sst;	/* NULL: none */
	const struct zip_entry *styles; /* NULL: none */
	struct relations relations;	/* of the workbook part */
	size_t nsheets;
	struct book_sheet *sheet;
	bool date1904;
	bool signed_package;		/* _xmlsignatures: do not patch */
	bool shared_workbook;		/* revisions: do not patch */
};

/* Everything found lives in the arena. The reason is in zip->why. */
enum refusal book_open(struct book *, struct arena *, struct zip *);
/* Relationships of a part ("" = the package); none is not an error. */
enum refusal relations_read(struct relations *, struct arena *, struct zip *,
    const char *part);
/* The same from a relationships part at hand. */
enum refusal relations_read_entry(struct relations *, struct arena *,
    struct zip *, const struct zip_entry *, const char *part);
/* By last segment of the type; NULL if none. */
const struct relation *relation_find(const struct relations *,
    const char *type);

#endif

/* Text on its way into a part of a workbook package. */
#ifndef XLSX_XMLW_H
#define XLSX_XMLW_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

/*
 * The text of a cell as the format stores it: what would be read as an
 * escape (_x0041_) is escaped itself, characters XML cannot carry become
 * escapes. Often s itself. NULL: not UTF-8, or longer than a cell may be (32,767).
 */
const char *cell_escape(struct arena *, const char *);
/* & < > " as entities; for content and for "…" attributes. */
void xml_escape(struct buf *, const char *);

#endif

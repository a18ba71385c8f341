/*
 * The sandboxed child in which a workbook is read: nobody when started by
 * root, no network, no files but the input, a short list of system calls,
 * bounded memory and time. Its result is data to be checked, like any input.
 */
#ifndef XLSX_CAGE_H
#define XLSX_CAGE_H

#include "workbook.h"

/*
 * As workbook_stream(), but read in the child. Rows already given to the
 * sink mean nothing if a refusal follows.
 */
enum refusal cage_stream(int fd, const struct budget *,
    const struct row_sink *, const char **zh, const char **en);

/* Child only: gives up every right that reading does not need. */
bool cage_enter(const struct budget *);

#endif

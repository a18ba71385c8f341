/*
 * A fresh ledger workbook from its template and an export (both as the API
 * sends them), by libxlsxwriter behind a validating wrapper (xlsx.md 3).
 */
#ifndef XLSX_LEDGER_WRITE_H
#define XLSX_LEDGER_WRITE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "workbook.h"

#define SHEET_HELP "填表说明"
#define SHEET_FINDINGS "校验结果"
#define SHEET_CONFLICTS "冲突"
#define SHEET_CODES "_codes"
#define SHEET_META "_meta"

/*
 * Writes path (a temporary name chosen by the caller, in a folder where
 * scratch files may lie). The bytes depend on template and export only.
 * false: why says what was refused, path may hold half a file.
 */
bool ledger_write(const char *path, const json_t *template,
    const json_t *export, char *why, size_t why_size);

/*
 * The sheets the agent owns — 校验结果, 冲突, _meta — for workbook_patch()
 * and for the fresh workbook alike. at() says in which sheet row a row
 * (uuid) of the export stands; 0 = nowhere, the message then has no row
 * number. Columns right of the printed ones are hidden and for the agent:
 *   校验结果 G token
 *   冲突     K token, L conflict id, M rev
 * Everything lives in the arena. false: why names the fault in the template.
 */
#define LEDGER_REPORTS 3
bool ledger_reports(struct arena *, const json_t *template,
    const json_t *export, unsigned (*at)(void *arg, const char *row),
    void *arg, struct sheet_patch out[LEDGER_REPORTS], char *why,
    size_t why_size);

#endif

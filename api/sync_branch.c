/*
 * The export of a copied workbook. Copies share no shadow: what was typed
 * into one would look taken back in the next save of the other. A branch
 * starts from what its original knew when the copy was first seen.
 */
#include "sync_export.h"

#include "base/err.h"

/* Batches of the original wait: a shadow without its pending row, or the
 * other way round, is never copied. */
static const struct stmt lock_stmt = { "sync_branch_lock",
	"SELECT id FROM sheet_export WHERE id = $1::uuid"
	" AND binding_id = $2::uuid AND ledger_id = $3::uuid"
	" AND kind = 'primary' FOR NO KEY UPDATE" };
static const struct stmt export_stmt = { "sync_branch_export",
	"INSERT INTO sheet_export (id, ledger_id, binding_id, instance_id,"
	" division_code, template_code, template_version, kind, path, seq,"
	" header_rev, of_export) SELECT $1::uuid, ledger_id, binding_id,"
	" $2::uuid, division_code, template_code, template_version, 'branch',"
	" $3::text, seq, header_rev, id FROM sheet_export"
	" WHERE id = $4::uuid AND binding_id = $5::uuid"
	" AND ledger_id = $6::uuid AND kind = 'primary'"
	" ON CONFLICT (binding_id, of_export, path) WHERE kind = 'branch'"
	" DO NOTHING" };
/* The rest follows the export: nothing, if there was one already. */
#define MADE "(SELECT id FROM sheet_export WHERE id = $1::uuid) AS made (id)"
static const struct stmt instance_stmt = { "sync_branch_instance",
	"INSERT INTO sheet_instance (binding_id, id, ledger_id, division_code,"
	" path) SELECT e.binding_id, e.instance_id, e.ledger_id,"
	" e.division_code, e.path FROM sheet_export e WHERE e.id = $1::uuid"
	" ON CONFLICT (binding_id, id) DO NOTHING" };
static const struct stmt manifest_stmt = { "sync_branch_manifest",
	"INSERT INTO sheet_manifest (export_id, row_id, division_code, rev,"
	" overrides) SELECT made.id, m.row_id, m.division_code, m.rev,"
	" m.overrides FROM sheet_manifest m, " MADE
	" WHERE m.export_id = $2::uuid" };
static const struct stmt spare_stmt = { "sync_branch_spares",
	"INSERT INTO sheet_spare (export_id, row_id, division_code, position)"
	" SELECT made.id, p.row_id, p.division_code, p.position"
	" FROM sheet_spare p, " MADE " WHERE p.export_id = $2::uuid" };
static const struct stmt shadow_stmt = { "sync_branch_shadow",
	"INSERT INTO sheet_shadow (export_id, row_id, division_code, cells,"
	" gone, earlier, meant, inherited) SELECT made.id, s.row_id,"
	" s.division_code, s.cells, s.gone, s.earlier, s.meant, true"
	" FROM sheet_shadow s, " MADE
	" WHERE s.export_id = $2::uuid" };
static const struct stmt pending_stmt = { "sync_branch_pending",
	"INSERT INTO sheet_pending (op_id, export_id, row_id, division_code,"
	" copied_from, at) SELECT p.op_id, made.id, p.row_id,"
	" p.division_code, p.copied_from, p.at FROM sheet_pending p, " MADE
	" WHERE p.export_id = $2::uuid" };
static const struct stmt find_stmt = { "sync_branch_find",
	"SELECT id FROM sheet_export WHERE kind = 'branch'"
	" AND binding_id = $1::uuid AND of_export = $2::uuid"
	" AND ledger_id = $3::uuid AND path = $4::text" };
static const struct stmt *const statements[] = { &lock_stmt, &export_stmt,
	&instance_stmt, &manifest_stmt, &spare_stmt, &shadow_stmt,
	&pending_stmt, &find_stmt };

void
sync_branch_init(void)
{
	db_register(statements, COUNT(statements));
}

void
branch_plan(struct export *x)
{
	const struct stmt *const copy[] = { &manifest_stmt, &spare_stmt,
		&shadow_stmt, &pending_stmt };
	struct batch *b = &x->r->batch;
	const char *binding = x->r->who.binding, *ledger = x->r->arg[0];

	batch_addv(b, &lock_stmt, 3, x->of, binding, ledger);
	batch_addv(b, &export_stmt, 6, x->id, x->instance, x->path, x->of,
	    binding, ledger);
	batch_addv(b, &instance_stmt, 1, x->id);
	for (size_t i = 0; i < COUNT(copy); i++)
		batch_addv(b, copy[i], 2, x->id, x->of);
	x->at_export =
	    batch_addv(b, &find_stmt, 4, binding, x->of, ledger, x->path);
}

bool
branch_made(struct export *x)
{
	const struct rows *found = batch_rows(&x->r->batch, x->at_export);

	if (rows_n(found) == 0)
		return false;
	x->id = rows_text(found, 0, 0);
	return true;
}

-- Copies of a workbook have exports of their own; what files delivered before
-- and what they meant by it; two rows of one name.

SET ROLE taizhang_owner;

-- A branch knows what its original knew when the copy was first seen.
ALTER TABLE sheet_export
	ADD COLUMN of_export uuid REFERENCES sheet_export,
	DROP CONSTRAINT sheet_export_kind_check,
	ADD CONSTRAINT sheet_export_kind_check
	    CHECK (kind IN ('primary', 'adopted', 'branch')),
	ADD CONSTRAINT sheet_export_branch
	    CHECK ((kind = 'branch') = (of_export IS NOT NULL));
CREATE UNIQUE INDEX sheet_export_copy ON sheet_export
    (binding_id, of_export, path) WHERE kind = 'branch';
COMMENT ON COLUMN sheet_export.kind IS 'primary: written by us; adopted: a workbook that staff made without us, whose base is blank; branch: a copy of a workbook of another export';
COMMENT ON COLUMN sheet_export.of_export IS 'branch: export that the copied workbook carries';

-- The same spare and pending rows are known to the original and its copies.
ALTER TABLE sheet_spare DROP CONSTRAINT sheet_spare_row_id_key;
ALTER TABLE sheet_pending
	DROP CONSTRAINT sheet_pending_pkey,
	ADD PRIMARY KEY (export_id, op_id);
COMMENT ON TABLE sheet_pending IS 'Rows that staff inserted into a workbook of an export: one operation of an export, one row, for ever';
COMMENT ON COLUMN sheet_pending.row_id IS 'The row it became; one that others had entered already, or one that was refused for its name and does not exist';
COMMENT ON COLUMN sheet_spare.row_id IS 'The id the row will have once something is typed into it, in whichever copy';

ALTER TABLE sheet_shadow
	ADD COLUMN earlier jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN meant jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN inherited boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sheet_shadow.earlier IS 'Name → list of texts delivered before, oldest first';
COMMENT ON COLUMN sheet_shadow.meant IS 'Name → value, where it is not the text: a mask means the number behind it, a code its label';
COMMENT ON COLUMN sheet_shadow.inherited IS 'Of a branch: only its original delivered; the copy may have typed another row into the same spare';

ALTER TABLE sheet_conflict
	DROP CONSTRAINT sheet_conflict_kind_check,
	ADD CONSTRAINT sheet_conflict_kind_check
	    CHECK (kind IN ('cell', 'delete_edit', 'edit_delete', 'same_key'));
COMMENT ON COLUMN sheet_conflict.kind IS 'cell; delete_edit: the file deleted what the system changed; edit_delete: the file changed what the system deleted; same_key: the file would make a second row of one name';
COMMENT ON COLUMN sheet_conflict.cells IS 'edit_delete, same_key: name → text the file wanted';

-- The shared workbooks: templates, ledgers and their sequence, bindings of
-- folders, exports with their manifests and shadows, the inbox of batches.

SET ROLE taizhang_owner;

CREATE TABLE sheet_template (
	code		text NOT NULL CHECK (code ~ '^[A-Z][A-Z0-9]{1,15}$'),
	version		int NOT NULL CHECK (version > 0),
	entity		text NOT NULL,
	spec		json NOT NULL,
	spec_sha	text NOT NULL,
	division_code	bigint NOT NULL DEFAULT 0,
	created_at	timestamptz NOT NULL DEFAULT now(),
	created_by	uuid DEFAULT app_actor(),
	PRIMARY KEY (code, version)
);
COMMENT ON TABLE sheet_template IS 'The form of a ledger; a version never changes once it is stored';
COMMENT ON COLUMN sheet_template.code IS 'X01';
COMMENT ON COLUMN sheet_template.version IS 'Counts up; new exports use the newest';
COMMENT ON COLUMN sheet_template.entity IS 'Entity of the model that a row of the ledger is';
COMMENT ON COLUMN sheet_template.spec IS 'The template as it was posted, in its own order';
COMMENT ON COLUMN sheet_template.spec_sha IS 'SHA-256 of the compact spec: the same template posted twice is one';
COMMENT ON COLUMN sheet_template.division_code IS 'Place it belongs to; 0 = every place';
COMMENT ON COLUMN sheet_template.created_at IS 'When it was stored';
COMMENT ON COLUMN sheet_template.created_by IS 'Who stored it';

CREATE TABLE sheet_ledger (
	id		uuid PRIMARY KEY,
	entity		text NOT NULL,
	template_code	text NOT NULL,
	template_version int NOT NULL,
	action_id	uuid NOT NULL REFERENCES action,
	division_code	bigint NOT NULL,
	covers_lo	bigint NOT NULL,
	covers_hi	bigint NOT NULL CHECK (covers_hi >= covers_lo),
	unit		text NOT NULL,
	seq		bigint NOT NULL DEFAULT 0,
	created_at	timestamptz NOT NULL DEFAULT now(),
	UNIQUE (division_code, template_code, action_id),
	FOREIGN KEY (template_code, template_version) REFERENCES sheet_template
);
CREATE INDEX sheet_ledger_covers ON sheet_ledger
    (entity, action_id, covers_lo, covers_hi);
COMMENT ON TABLE sheet_ledger IS 'A logical book: one template for one unit in one action';
COMMENT ON COLUMN sheet_ledger.id IS 'UUIDv7; also the row id of the header block';
COMMENT ON COLUMN sheet_ledger.entity IS 'Entity of its rows';
COMMENT ON COLUMN sheet_ledger.template_code IS 'Its form';
COMMENT ON COLUMN sheet_ledger.template_version IS 'Version that the next export uses';
COMMENT ON COLUMN sheet_ledger.action_id IS 'Special action (专项行动)';
COMMENT ON COLUMN sheet_ledger.division_code IS 'The unit''s division; rows made in the sheet get it';
COMMENT ON COLUMN sheet_ledger.covers_lo IS 'First division whose rows stand in this book';
COMMENT ON COLUMN sheet_ledger.covers_hi IS 'Last one. Township and village: their subtree; above: the unit''s own filings';
COMMENT ON COLUMN sheet_ledger.unit IS 'Name of the unit as printed in the title';
COMMENT ON COLUMN sheet_ledger.seq IS 'Gapless, in commit order: +1 by every statement that changes what the book shows, under this row''s lock';
COMMENT ON COLUMN sheet_ledger.created_at IS 'When the book was opened';

CREATE TABLE sheet_header (
	ledger_id	uuid PRIMARY KEY REFERENCES sheet_ledger,
	division_code	bigint NOT NULL,
	rev		int NOT NULL DEFAULT 1,
	cells		jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE sheet_header IS 'What stands in the header block of a book (单位 填表人 联系电话 填表时间)';
COMMENT ON COLUMN sheet_header.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_header.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_header.rev IS '+1 by every change';
COMMENT ON COLUMN sheet_header.cells IS 'Name → text as shown';

CREATE TABLE sheet_header_history (
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	rev		int NOT NULL,
	division_code	bigint NOT NULL,
	cells		jsonb NOT NULL,
	at		timestamptz NOT NULL DEFAULT now(),
	actor		uuid DEFAULT app_actor(),
	channel		text NOT NULL DEFAULT app_channel(),
	origin		text NOT NULL DEFAULT app_origin(),
	PRIMARY KEY (ledger_id, rev)
);
COMMENT ON TABLE sheet_header_history IS 'Every version of a header block';
COMMENT ON COLUMN sheet_header_history.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_header_history.rev IS 'Version';
COMMENT ON COLUMN sheet_header_history.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_header_history.cells IS 'Name → text as shown';
COMMENT ON COLUMN sheet_header_history.at IS 'When';
COMMENT ON COLUMN sheet_header_history.actor IS 'Who';
COMMENT ON COLUMN sheet_header_history.channel IS 'api, sheet or job';
COMMENT ON COLUMN sheet_header_history.origin IS 'Request id or batch key';

CREATE TABLE sheet_binding (
	id		uuid PRIMARY KEY,
	division_code	bigint NOT NULL REFERENCES division,
	action_id	uuid NOT NULL REFERENCES action,
	name		text NOT NULL,
	unit		text NOT NULL,
	direction	text NOT NULL CHECK (direction IN ('both', 'in', 'out')),
	state_columns	text NOT NULL DEFAULT 'request' CHECK (state_columns = 'request'),
	delete_after_s	int NOT NULL DEFAULT 600 CHECK (delete_after_s >= 0),
	write_back_s	int NOT NULL DEFAULT 600 CHECK (write_back_s >= 0),
	settle_s	int NOT NULL DEFAULT 5 CHECK (settle_s >= 0),
	created_at	timestamptz NOT NULL DEFAULT now(),
	created_by	uuid DEFAULT app_actor(),
	revoked_at	timestamptz
);
CREATE INDEX sheet_binding_division ON sheet_binding (division_code, id);
COMMENT ON TABLE sheet_binding IS 'A shared folder and the books that live in it; its agent signs in with one agent_token';
COMMENT ON COLUMN sheet_binding.id IS 'UUIDv7; the agent''s identity in history';
COMMENT ON COLUMN sheet_binding.division_code IS 'The agent reaches this subtree and nothing else';
COMMENT ON COLUMN sheet_binding.action_id IS 'Special action of its books';
COMMENT ON COLUMN sheet_binding.name IS 'What administrators call the folder';
COMMENT ON COLUMN sheet_binding.unit IS 'Whose folder it is';
COMMENT ON COLUMN sheet_binding.direction IS 'both; in: files are read only; out: files are written only';
COMMENT ON COLUMN sheet_binding.state_columns IS 'request: 是 in a state column asks for the command';
COMMENT ON COLUMN sheet_binding.delete_after_s IS 'A row must be seen absent this long before it is deleted';
COMMENT ON COLUMN sheet_binding.write_back_s IS 'A file is written back at most this often';
COMMENT ON COLUMN sheet_binding.settle_s IS 'A file must be quiet this long before it is read';
COMMENT ON COLUMN sheet_binding.created_at IS 'When it was made';
COMMENT ON COLUMN sheet_binding.created_by IS 'Who made it';
COMMENT ON COLUMN sheet_binding.revoked_at IS 'The token is dead since then';

CREATE TABLE sheet_binding_ledger (
	binding_id	uuid NOT NULL REFERENCES sheet_binding,
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	division_code	bigint NOT NULL,
	PRIMARY KEY (binding_id, ledger_id)
);
COMMENT ON TABLE sheet_binding_ledger IS 'Which books live in which folder';
COMMENT ON COLUMN sheet_binding_ledger.binding_id IS 'The folder';
COMMENT ON COLUMN sheet_binding_ledger.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_binding_ledger.division_code IS 'Of the book';

CREATE TABLE sheet_instance (
	binding_id	uuid NOT NULL REFERENCES sheet_binding,
	id		uuid NOT NULL,
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	division_code	bigint NOT NULL,
	path		text NOT NULL,
	first_at	timestamptz NOT NULL DEFAULT now(),
	last_at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (binding_id, id)
);
COMMENT ON TABLE sheet_instance IS 'A workbook; it keeps its identity when it is renamed or moved';
COMMENT ON COLUMN sheet_instance.binding_id IS 'Folder it lives in';
COMMENT ON COLUMN sheet_instance.id IS 'As written into the workbook';
COMMENT ON COLUMN sheet_instance.ledger_id IS 'Book it shows';
COMMENT ON COLUMN sheet_instance.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_instance.path IS 'Where it was last seen, relative to the folder';
COMMENT ON COLUMN sheet_instance.first_at IS 'First export';
COMMENT ON COLUMN sheet_instance.last_at IS 'Last export';

CREATE TABLE sheet_export (
	id		uuid PRIMARY KEY,
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	binding_id	uuid NOT NULL REFERENCES sheet_binding,
	instance_id	uuid NOT NULL,
	division_code	bigint NOT NULL,
	template_code	text NOT NULL,
	template_version int NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('primary', 'adopted')),
	path		text NOT NULL,
	seq		bigint NOT NULL,
	header_rev	int NOT NULL,
	exported_at	timestamptz NOT NULL DEFAULT now(),
	FOREIGN KEY (template_code, template_version) REFERENCES sheet_template
);
CREATE INDEX sheet_export_ledger ON sheet_export (division_code, ledger_id, id);
COMMENT ON TABLE sheet_export IS 'One state of a book given to one workbook: the base of whatever that workbook says later';
COMMENT ON COLUMN sheet_export.id IS 'UUIDv7, written into the workbook';
COMMENT ON COLUMN sheet_export.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_export.binding_id IS 'The folder; another folder''s agent does not know this export';
COMMENT ON COLUMN sheet_export.instance_id IS 'The workbook';
COMMENT ON COLUMN sheet_export.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_export.template_code IS 'Form in which it was given';
COMMENT ON COLUMN sheet_export.template_version IS 'Version of the form';
COMMENT ON COLUMN sheet_export.kind IS 'primary: written by us; adopted: a workbook that staff made without us, whose base is blank';
COMMENT ON COLUMN sheet_export.path IS 'Where the workbook was, relative to the folder';
COMMENT ON COLUMN sheet_export.seq IS 'Sequence of the book at that moment';
COMMENT ON COLUMN sheet_export.header_rev IS 'Version of the header block shown';
COMMENT ON COLUMN sheet_export.exported_at IS 'When';

CREATE TABLE sheet_manifest (
	export_id	uuid NOT NULL REFERENCES sheet_export,
	row_id		uuid NOT NULL,
	division_code	bigint NOT NULL,
	rev		bigint NOT NULL,
	overrides	jsonb,
	PRIMARY KEY (export_id, row_id)
);
COMMENT ON TABLE sheet_manifest IS 'The rows of an export; never changed';
COMMENT ON COLUMN sheet_manifest.export_id IS 'The export';
COMMENT ON COLUMN sheet_manifest.row_id IS 'The row';
COMMENT ON COLUMN sheet_manifest.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_manifest.rev IS 'Version of the row that was shown';
COMMENT ON COLUMN sheet_manifest.overrides IS 'Name → text shown in place of the value: held cells, as typed';

CREATE TABLE sheet_spare (
	export_id	uuid NOT NULL REFERENCES sheet_export,
	row_id		uuid NOT NULL UNIQUE,
	division_code	bigint NOT NULL,
	position	int NOT NULL,
	PRIMARY KEY (export_id, row_id)
);
COMMENT ON TABLE sheet_spare IS 'Blank rows of an export that already have their identity';
COMMENT ON COLUMN sheet_spare.export_id IS 'The export';
COMMENT ON COLUMN sheet_spare.row_id IS 'The id the row will have once something is typed into it';
COMMENT ON COLUMN sheet_spare.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_spare.position IS 'Order below the rows, from 1';

CREATE TABLE sheet_shadow (
	export_id	uuid NOT NULL REFERENCES sheet_export,
	row_id		uuid NOT NULL,
	division_code	bigint NOT NULL,
	cells		jsonb NOT NULL DEFAULT '{}',
	gone		boolean NOT NULL DEFAULT false,
	PRIMARY KEY (export_id, row_id)
);
COMMENT ON TABLE sheet_shadow IS 'What files of an export delivered last, whatever became of it: their next save starts from here';
COMMENT ON COLUMN sheet_shadow.export_id IS 'The export';
COMMENT ON COLUMN sheet_shadow.row_id IS 'The row, or the book for its header block';
COMMENT ON COLUMN sheet_shadow.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_shadow.cells IS 'Name → text delivered';
COMMENT ON COLUMN sheet_shadow.gone IS 'The file reported the row as deleted';

CREATE TABLE sheet_pending (
	op_id		text PRIMARY KEY CHECK (op_id ~ '^[0-9a-f]{64}$'),
	export_id	uuid NOT NULL REFERENCES sheet_export,
	row_id		uuid NOT NULL,
	division_code	bigint NOT NULL,
	copied_from	uuid,
	at		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sheet_pending_export ON sheet_pending (export_id, row_id);
COMMENT ON TABLE sheet_pending IS 'Rows that staff inserted into a workbook of an export: one operation, one row, for ever';
COMMENT ON COLUMN sheet_pending.op_id IS 'SHA-256 that names the insertion (its origin)';
COMMENT ON COLUMN sheet_pending.export_id IS 'The export the workbook came from';
COMMENT ON COLUMN sheet_pending.row_id IS 'The row it became';
COMMENT ON COLUMN sheet_pending.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_pending.copied_from IS 'Row whose hidden cell the new row carried';
COMMENT ON COLUMN sheet_pending.at IS 'When';

CREATE TABLE sheet_batch (
	key		text PRIMARY KEY CHECK (key ~ '^[a-z2-7]{52}$'),
	binding_id	uuid NOT NULL REFERENCES sheet_binding,
	export_id	uuid NOT NULL REFERENCES sheet_export,
	division_code	bigint NOT NULL,
	body_sha	text NOT NULL,
	body		text NOT NULL,
	response	text NOT NULL,
	at		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sheet_batch_export ON sheet_batch (division_code, export_id, at);
COMMENT ON TABLE sheet_batch IS 'Inbox: a batch has its effects once and its answer for ever';
COMMENT ON COLUMN sheet_batch.key IS 'Idempotency key of the batch';
COMMENT ON COLUMN sheet_batch.binding_id IS 'Who sent it';
COMMENT ON COLUMN sheet_batch.export_id IS 'Export its file came from';
COMMENT ON COLUMN sheet_batch.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_batch.body_sha IS 'SHA-256 of the body: another body under this key is refused';
COMMENT ON COLUMN sheet_batch.body IS 'What the file said, also as typed where the canonical text differs';
COMMENT ON COLUMN sheet_batch.response IS 'The answer, byte for byte';
COMMENT ON COLUMN sheet_batch.at IS 'When';

-- What sheets leave for people: held cells, conflicts, requests, files; the
-- triggers that move a book's sequence; who may reach the sheet tables.

SET ROLE taizhang_owner;

CREATE TABLE sheet_held (
	id		uuid PRIMARY KEY,
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	row_id		uuid NOT NULL,
	name		text NOT NULL,
	division_code	bigint NOT NULL,
	value		text NOT NULL,
	base		text NOT NULL,
	rule		text NOT NULL,
	code		text NOT NULL,
	zh		text NOT NULL,
	en		text NOT NULL,
	export_id	uuid NOT NULL REFERENCES sheet_export,
	at		timestamptz NOT NULL DEFAULT now(),
	closed_at	timestamptz
);
CREATE UNIQUE INDEX sheet_held_open ON sheet_held (row_id, name)
    WHERE closed_at IS NULL;
CREATE INDEX sheet_held_ledger ON sheet_held (division_code, ledger_id)
    WHERE closed_at IS NULL;
COMMENT ON TABLE sheet_held IS 'Cells that cannot be stored: kept and shown as typed until they are repaired';
COMMENT ON COLUMN sheet_held.id IS 'UUIDv7';
COMMENT ON COLUMN sheet_held.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_held.row_id IS 'The row';
COMMENT ON COLUMN sheet_held.name IS 'The column';
COMMENT ON COLUMN sheet_held.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_held.value IS 'As typed';
COMMENT ON COLUMN sheet_held.base IS 'What the cell showed before: base of the merge when it is repaired';
COMMENT ON COLUMN sheet_held.rule IS 'Rule it breaks';
COMMENT ON COLUMN sheet_held.code IS 'Stable code of the fault';
COMMENT ON COLUMN sheet_held.zh IS 'Why, for staff';
COMMENT ON COLUMN sheet_held.en IS 'Why, for developers';
COMMENT ON COLUMN sheet_held.export_id IS 'Export whose file said so last';
COMMENT ON COLUMN sheet_held.at IS 'When it was typed last';
COMMENT ON COLUMN sheet_held.closed_at IS 'Repaired then; the record stays';

CREATE TABLE sheet_conflict (
	id		uuid PRIMARY KEY,
	code		text NOT NULL,
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	row_id		uuid NOT NULL,
	name		text NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('cell', 'delete_edit', 'edit_delete')),
	division_code	bigint NOT NULL,
	base		text NOT NULL,
	system		text NOT NULL,
	file		text NOT NULL,
	cells		jsonb,
	system_by	text NOT NULL,
	system_at	timestamptz,
	binding_id	uuid NOT NULL REFERENCES sheet_binding,
	export_id	uuid NOT NULL REFERENCES sheet_export,
	file_sha	text NOT NULL,
	path		text NOT NULL,
	at		timestamptz NOT NULL DEFAULT now(),
	rev		int NOT NULL DEFAULT 1,
	state		text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved', 'overtyped')),
	choice		text CHECK (choice IN ('system', 'file', 'value')),
	value		text,
	resolved_by	uuid,
	resolved_at	timestamptz
);
CREATE INDEX sheet_conflict_list ON sheet_conflict (division_code, state, id);
CREATE INDEX sheet_conflict_row ON sheet_conflict (row_id, name)
    WHERE state = 'open';
COMMENT ON TABLE sheet_conflict IS 'Both sides changed the same thing: both values stay until a person decides, and afterwards';
COMMENT ON COLUMN sheet_conflict.id IS 'UUIDv7';
COMMENT ON COLUMN sheet_conflict.code IS 'Short name for people: K3F7';
COMMENT ON COLUMN sheet_conflict.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_conflict.row_id IS 'The row, or the book for its header block';
COMMENT ON COLUMN sheet_conflict.name IS 'The column; empty = the whole row';
COMMENT ON COLUMN sheet_conflict.kind IS 'cell; delete_edit: the file deleted what the system changed; edit_delete: the file changed what the system deleted';
COMMENT ON COLUMN sheet_conflict.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_conflict.base IS '原值';
COMMENT ON COLUMN sheet_conflict.system IS '系统值';
COMMENT ON COLUMN sheet_conflict.file IS '本表值';
COMMENT ON COLUMN sheet_conflict.cells IS 'edit_delete: name → text the file wanted';
COMMENT ON COLUMN sheet_conflict.system_by IS 'Who changed it in the system, as far as staff may know';
COMMENT ON COLUMN sheet_conflict.system_at IS 'When it was changed in the system';
COMMENT ON COLUMN sheet_conflict.binding_id IS 'Folder whose file disagreed';
COMMENT ON COLUMN sheet_conflict.export_id IS 'Export that file came from';
COMMENT ON COLUMN sheet_conflict.file_sha IS 'SHA-256 of that file';
COMMENT ON COLUMN sheet_conflict.path IS 'Where that file was';
COMMENT ON COLUMN sheet_conflict.at IS 'When it was found';
COMMENT ON COLUMN sheet_conflict.rev IS '+1 by every change: a decision names the version it saw';
COMMENT ON COLUMN sheet_conflict.state IS 'open; resolved by a decision; overtyped: the cell was typed anew';
COMMENT ON COLUMN sheet_conflict.choice IS 'system, file or value';
COMMENT ON COLUMN sheet_conflict.value IS 'What was chosen';
COMMENT ON COLUMN sheet_conflict.resolved_by IS 'Who decided';
COMMENT ON COLUMN sheet_conflict.resolved_at IS 'When';

CREATE TABLE sheet_request (
	id		uuid PRIMARY KEY,
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	entity		text NOT NULL,
	row_id		uuid NOT NULL,
	name		text NOT NULL,
	command		text NOT NULL,
	division_code	bigint NOT NULL,
	binding_id	uuid NOT NULL REFERENCES sheet_binding,
	export_id	uuid NOT NULL REFERENCES sheet_export,
	file_sha	text NOT NULL,
	path		text NOT NULL,
	at		timestamptz NOT NULL DEFAULT now(),
	state		text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'withdrawn')),
	closed_by	uuid,
	closed_at	timestamptz
);
CREATE UNIQUE INDEX sheet_request_open ON sheet_request (row_id, command)
    WHERE state = 'open';
CREATE INDEX sheet_request_list ON sheet_request (division_code, state, id);
COMMENT ON TABLE sheet_request IS '是 typed into a state column: it asks for the command and writes nothing';
COMMENT ON COLUMN sheet_request.id IS 'UUIDv7';
COMMENT ON COLUMN sheet_request.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_request.entity IS 'Entity of the row';
COMMENT ON COLUMN sheet_request.row_id IS 'The row';
COMMENT ON COLUMN sheet_request.name IS 'The state column';
COMMENT ON COLUMN sheet_request.command IS 'Lifecycle command asked for';
COMMENT ON COLUMN sheet_request.division_code IS 'Of the row''s book';
COMMENT ON COLUMN sheet_request.binding_id IS 'Folder whose file asked';
COMMENT ON COLUMN sheet_request.export_id IS 'Export that file came from';
COMMENT ON COLUMN sheet_request.file_sha IS 'SHA-256 of that file';
COMMENT ON COLUMN sheet_request.path IS 'Where that file was';
COMMENT ON COLUMN sheet_request.at IS 'When';
COMMENT ON COLUMN sheet_request.state IS 'open; done: the command was given; withdrawn: the file says 否 again';
COMMENT ON COLUMN sheet_request.closed_by IS 'Who gave the command or withdrew';
COMMENT ON COLUMN sheet_request.closed_at IS 'When';

CREATE TABLE sheet_finding (
	row_id		uuid NOT NULL,
	name		text NOT NULL,
	ledger_id	uuid NOT NULL REFERENCES sheet_ledger,
	division_code	bigint NOT NULL,
	value		text NOT NULL,
	rule		text NOT NULL,
	level		text NOT NULL CHECK (level IN ('error', 'warning', 'info')),
	zh		text NOT NULL,
	en		text NOT NULL,
	at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (row_id, name)
);
CREATE INDEX sheet_finding_ledger ON sheet_finding (division_code, ledger_id);
COMMENT ON TABLE sheet_finding IS 'What a file wanted and may not: a difference in a column that the system fills. What rows themselves break is computed from the rows, never stored';
COMMENT ON COLUMN sheet_finding.row_id IS 'The row';
COMMENT ON COLUMN sheet_finding.name IS 'The column';
COMMENT ON COLUMN sheet_finding.ledger_id IS 'The book';
COMMENT ON COLUMN sheet_finding.division_code IS 'Of the book';
COMMENT ON COLUMN sheet_finding.value IS 'As typed';
COMMENT ON COLUMN sheet_finding.rule IS 'Rule';
COMMENT ON COLUMN sheet_finding.level IS 'error, warning or info';
COMMENT ON COLUMN sheet_finding.zh IS 'For staff';
COMMENT ON COLUMN sheet_finding.en IS 'For developers';
COMMENT ON COLUMN sheet_finding.at IS 'When';

CREATE TABLE sheet_file (
	binding_id	uuid NOT NULL REFERENCES sheet_binding,
	path		text NOT NULL,
	division_code	bigint NOT NULL,
	file_sha	text NOT NULL,
	state		text NOT NULL CHECK (state IN ('ok', 'quarantined', 'held', 'copy', 'unmatched')),
	code		text NOT NULL,
	zh		text NOT NULL,
	en		text NOT NULL,
	ledger_id	uuid REFERENCES sheet_ledger,
	at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (binding_id, path)
);
CREATE INDEX sheet_file_list ON sheet_file (division_code, binding_id, path);
COMMENT ON TABLE sheet_file IS 'What the agent last said about each file of a folder';
COMMENT ON COLUMN sheet_file.binding_id IS 'The folder';
COMMENT ON COLUMN sheet_file.path IS 'Relative to the folder';
COMMENT ON COLUMN sheet_file.division_code IS 'Of the folder';
COMMENT ON COLUMN sheet_file.file_sha IS 'SHA-256 of the bytes it speaks of';
COMMENT ON COLUMN sheet_file.state IS 'ok, quarantined, held, copy or unmatched';
COMMENT ON COLUMN sheet_file.code IS 'Stable code of the reason; empty if ok';
COMMENT ON COLUMN sheet_file.zh IS 'Why, for staff';
COMMENT ON COLUMN sheet_file.en IS 'Why, for developers';
COMMENT ON COLUMN sheet_file.ledger_id IS 'The book, if it is known';
COMMENT ON COLUMN sheet_file.at IS 'When';

-- Who waits for whom: rows first, then the books that show them, the widest
-- book before those inside it. Every writer keeps this order, so that no two
-- wait for each other.
CREATE FUNCTION sheet_bump(books uuid[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE book uuid;
BEGIN
  FOR book IN
    SELECT id FROM sheet_ledger WHERE id = ANY (books)
    ORDER BY covers_hi - covers_lo DESC, id FOR NO KEY UPDATE
  LOOP
    UPDATE sheet_ledger SET seq = seq + 1 WHERE id = book;
    PERFORM pg_notify('ledger', book::text);
  END LOOP;
END $$;
COMMENT ON FUNCTION sheet_bump IS
  'Moves the sequence of these books by one and wakes who waits for them';

CREATE FUNCTION sheet_row_changed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM sheet_bump(array(
    SELECT DISTINCT l.id FROM sheet_ledger l JOIN (
      SELECT DISTINCT action_id, division_code FROM new_rows) n
    ON l.entity = TG_TABLE_NAME AND l.action_id = n.action_id
      AND n.division_code BETWEEN l.covers_lo AND l.covers_hi));
  RETURN NULL;
END $$;

-- An update may take a row out of a book; and a command that was given ends
-- the request for it.
CREATE FUNCTION sheet_row_updated() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM sheet_bump(array(
    SELECT DISTINCT l.id FROM sheet_ledger l JOIN (
      SELECT action_id, division_code FROM new_rows
      UNION SELECT action_id, division_code FROM old_rows) n
    ON l.entity = TG_TABLE_NAME AND l.action_id = n.action_id
      AND n.division_code BETWEEN l.covers_lo AND l.covers_hi));
  UPDATE sheet_request r
    SET state = 'done', closed_by = app_actor(), closed_at = now()
    FROM new_rows n
    WHERE r.row_id = n.id AND r.state = 'open'
      AND r.entity = TG_TABLE_NAME
      AND to_jsonb(n) ->> r.name = 'true';
  RETURN NULL;
END $$;

CREATE FUNCTION sheet_shown() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM sheet_bump(array(SELECT DISTINCT ledger_id FROM new_rows));
  RETURN NULL;
END $$;

DO $$
DECLARE t text;
BEGIN
  -- Business tables that ledgers show.
  FOREACH t IN ARRAY ARRAY['issue'] LOOP
    EXECUTE format('CREATE TRIGGER sheet_ins AFTER INSERT ON %I
      REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION sheet_row_changed()', t);
    EXECUTE format('CREATE TRIGGER sheet_upd AFTER UPDATE ON %I
      REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION sheet_row_updated()', t);
  END LOOP;
  -- What a workbook shows beside its rows.
  FOREACH t IN ARRAY ARRAY['sheet_header', 'sheet_held', 'sheet_conflict',
    'sheet_request', 'sheet_finding'] LOOP
    EXECUTE format('CREATE TRIGGER shown_ins AFTER INSERT ON %I
      REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION sheet_shown()', t);
    EXECUTE format('CREATE TRIGGER shown_upd AFTER UPDATE ON %I
      REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION sheet_shown()', t);
  END LOOP;
  -- A finding that goes away is a change, too.
  CREATE TRIGGER shown_del AFTER DELETE ON sheet_finding
    REFERENCING OLD TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION sheet_shown();
  -- The second wall.
  FOREACH t IN ARRAY ARRAY['sheet_ledger', 'sheet_header',
    'sheet_header_history', 'sheet_binding', 'sheet_binding_ledger',
    'sheet_instance', 'sheet_export', 'sheet_manifest', 'sheet_spare',
    'sheet_shadow', 'sheet_pending', 'sheet_batch', 'sheet_held',
    'sheet_conflict', 'sheet_request', 'sheet_finding', 'sheet_file'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO taizhang_api USING (
      division_code BETWEEN app_lo() AND app_hi())', t || '_scope', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO taizhang_api', t);
  END LOOP;
END $$;

-- The forms are public; storing one is for who configures the whole.
ALTER TABLE sheet_template ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sheet_template_read ON sheet_template FOR SELECT USING (true);
CREATE POLICY sheet_template_write ON sheet_template FOR INSERT
  WITH CHECK (app_lo() IS NOT NULL);
GRANT SELECT, INSERT ON sheet_template TO taizhang_api;
CREATE TRIGGER conf AFTER INSERT ON sheet_template
  FOR EACH STATEMENT EXECUTE FUNCTION conf_changed();
GRANT DELETE ON sheet_finding TO taizhang_api;
-- The triggers reach the books around the caller's scope, and nothing else.
CREATE POLICY sheet_ledger_triggers ON sheet_ledger TO taizhang_owner
  USING (true);
CREATE POLICY sheet_request_triggers ON sheet_request TO taizhang_owner
  USING (true);

-- Of an agent_token: the folder it serves.
ALTER TABLE agent_token ADD CONSTRAINT agent_token_binding
  FOREIGN KEY (binding_id) REFERENCES sheet_binding;

COMMENT ON FUNCTION sheet_row_changed IS 'Trigger: new rows move their books';
COMMENT ON FUNCTION sheet_row_updated IS
  'Trigger: changed rows move their books and end the requests they meet';
COMMENT ON FUNCTION sheet_shown IS
  'Trigger: what stands beside the rows moves its book';

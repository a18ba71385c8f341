-- Commands and evidence of every entity, and what statements of commands use.

SET ROLE taizhang_owner;

-- A UUID of version 7, as the API makes them: rows sort by when they came.
CREATE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
    substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid $$;

-- Ends a transaction in which something came between: the API looks again.
CREATE FUNCTION must(ok boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF ok IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'TZ001',
      MESSAGE = 'the row or what it depends on has changed';
  END IF;
END $$;

CREATE TABLE command (
  id uuid PRIMARY KEY DEFAULT uuid7(),
  entity text NOT NULL,
  row_id uuid NOT NULL,
  command text NOT NULL,
  from_state text,
  to_state text,
  reason text CHECK (char_length(reason) <= 2000),
  opinion text CHECK (char_length(opinion) <= 2000),
  note text CHECK (char_length(note) <= 2000),
  rev bigint NOT NULL,
  by uuid,
  at timestamptz NOT NULL DEFAULT now(),
  division_code bigint NOT NULL,
  competent_line text NOT NULL DEFAULT '',
  sensitivity smallint NOT NULL DEFAULT 1
);
CREATE INDEX command_by_row ON command (entity, row_id, id);
CREATE INDEX command_by_division ON command (division_code, at, id);
COMMENT ON TABLE command IS
  'Every command that was given on any row; never changed.';
COMMENT ON COLUMN command.id IS 'Identifier.';
COMMENT ON COLUMN command.entity IS 'Entity of the row.';
COMMENT ON COLUMN command.row_id IS 'Row the command was given on.';
COMMENT ON COLUMN command.command IS 'Name of the command.';
COMMENT ON COLUMN command.from_state IS 'State of the row before it.';
COMMENT ON COLUMN command.to_state IS 'State of the row after it.';
COMMENT ON COLUMN command.reason IS 'Why it was given.';
COMMENT ON COLUMN command.opinion IS 'Opinion given with it.';
COMMENT ON COLUMN command.note IS 'Remark given with it.';
COMMENT ON COLUMN command.rev IS 'Revision of the row that it made.';
COMMENT ON COLUMN command.by IS 'Who gave it.';
COMMENT ON COLUMN command.at IS 'When it was given.';
COMMENT ON COLUMN command.division_code IS 'Division of the row.';
COMMENT ON COLUMN command.competent_line IS 'Sector line of the row.';
COMMENT ON COLUMN command.sensitivity IS 'Sensitivity of the row.';

-- Evidence belonged to issues; now to any row, and may be an attachment.
SELECT set_config('app.lo', '0', true), set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);
ALTER TABLE evidence
  DROP CONSTRAINT evidence_issue_id_fkey,
  ADD COLUMN entity text NOT NULL DEFAULT 'issue',
  ADD COLUMN attachment_id uuid,
  ADD COLUMN competent_line text NOT NULL DEFAULT '',
  ADD COLUMN sensitivity smallint NOT NULL DEFAULT 1;
UPDATE evidence SET competent_line = i.competent_line,
  sensitivity = i.sensitivity FROM issue i WHERE i.id = issue_id;
ALTER TABLE evidence ALTER entity DROP DEFAULT;
DROP POLICY evidence_scope ON evidence;
DROP INDEX evidence_by_issue;
ALTER TABLE evidence RENAME COLUMN issue_id TO row_id;
CREATE INDEX evidence_by_row ON evidence (entity, row_id, id);
COMMENT ON TABLE evidence IS
  'Evidence of any row: what it is and where it lies.';
COMMENT ON COLUMN evidence.row_id IS 'Row it belongs to.';
COMMENT ON COLUMN evidence.entity IS 'Entity of the row.';
COMMENT ON COLUMN evidence.attachment_id IS 'The file itself, if it is kept.';
COMMENT ON COLUMN evidence.division_code IS 'Division of the row.';
COMMENT ON COLUMN evidence.competent_line IS 'Sector line of the row.';
COMMENT ON COLUMN evidence.sensitivity IS 'Sensitivity of the row.';

-- Seen exactly when their row is.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['command', 'evidence'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I USING (
      division_code BETWEEN app_lo() AND app_hi()
      AND (app_line() = '''' OR competent_line = app_line())
      AND sensitivity <= app_clearance())', t || '_scope', t);
    EXECUTE format('GRANT SELECT, INSERT,
      UPDATE (division_code, competent_line, sensitivity)
      ON %I TO taizhang_api', t);
  END LOOP;
END $$;
CREATE FUNCTION records_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE command SET division_code = NEW.division_code,
    competent_line = NEW.competent_line, sensitivity = NEW.sensitivity
    WHERE entity = TG_TABLE_NAME AND row_id = NEW.id;
  UPDATE evidence SET division_code = NEW.division_code,
    competent_line = NEW.competent_line, sensitivity = NEW.sensitivity
    WHERE entity = TG_TABLE_NAME AND row_id = NEW.id;
  RETURN NULL;
END $$;
CREATE PROCEDURE business_records(t text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER records AFTER UPDATE ON %I FOR EACH ROW
    WHEN ((OLD.division_code, OLD.competent_line, OLD.sensitivity)
      IS DISTINCT FROM (NEW.division_code, NEW.competent_line,
      NEW.sensitivity)) EXECUTE FUNCTION records_follow()', t);
END $$;
CALL business_records('issue');
ALTER PROCEDURE business_table(text, text) RENAME TO business_table_alone;
CREATE PROCEDURE business_table(t text, action text DEFAULT 'optional')
LANGUAGE plpgsql AS $$
BEGIN
  CALL business_table_alone(t, action);
  CALL business_records(t);
END $$;

-- What belongs to a row follows it though the mover cannot see it: a child
-- above his clearance would else stay behind, on the line it was on.

SET ROLE taizhang_owner;

-- For one statement of a trigger; the caller's walls, to be put up again.
CREATE FUNCTION walls_open() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  own text[] := ARRAY[current_setting('app.lo', true),
    current_setting('app.hi', true), current_setting('app.line', true),
    current_setting('app.clearance', true)];
BEGIN
  PERFORM set_config('app.lo', '0', true),
    set_config('app.hi', '999999999999', true),
    set_config('app.line', '', true), set_config('app.clearance', '4', true);
  RETURN own;
END $$;
CREATE FUNCTION walls_close(own text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.lo', own[1], true),
    set_config('app.hi', own[2], true), set_config('app.line', own[3], true),
    set_config('app.clearance', own[4], true);
END $$;

CREATE OR REPLACE FUNCTION child_scope() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE own text[] := walls_open();
BEGIN
  EXECUTE format('UPDATE %I SET division_code = $1, competent_line = $2,
    sensitivity = greatest(sensitivity, $3) WHERE %I = $4', TG_ARGV[0],
    TG_ARGV[1])
    USING NEW.division_code, NEW.competent_line, NEW.sensitivity, NEW.id;
  PERFORM walls_close(own);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION records_follow() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE own text[] := walls_open();
BEGIN
  UPDATE command SET division_code = NEW.division_code,
    competent_line = NEW.competent_line, sensitivity = NEW.sensitivity
    WHERE entity = TG_TABLE_NAME AND row_id = NEW.id;
  UPDATE evidence SET division_code = NEW.division_code,
    competent_line = NEW.competent_line, sensitivity = NEW.sensitivity
    WHERE entity = TG_TABLE_NAME AND row_id = NEW.id;
  PERFORM walls_close(own);
  RETURN NULL;
END $$;

-- Rows as they stood at a time (as_of=), from history.

SET ROLE taizhang_owner;

-- The revision a row had at a time, whatever its scope was then: without it, a
-- reader whose scope the row had left would be shown how it was before. None
-- if the row is more sensitive now than the reader may see. Only a number
-- comes out; the row itself is read behind the walls.
CREATE FUNCTION history_at(what text, id uuid, moment timestamptz,
    clearance int) RETURNS bigint LANGUAGE plpgsql STABLE COST 1000 AS $$
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
  line text := current_setting('app.line', true);
  own text := current_setting('app.clearance', true);
  found bigint;
BEGIN
  IF lo IS NULL OR lo = '' THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('app.lo', '0', true),
    set_config('app.hi', '999999999999', true),
    set_config('app.line', '', true), set_config('app.clearance', '4', true);
  SELECT h.rev INTO found FROM history h WHERE h.entity = what
    AND h.row_id = history_at.id AND h.at <= moment
    AND history_at.clearance >= (SELECT n.sensitivity FROM history n
      WHERE n.entity = what AND n.row_id = history_at.id
      ORDER BY n.rev DESC LIMIT 1)
  ORDER BY h.rev DESC LIMIT 1;
  PERFORM set_config('app.lo', lo, true), set_config('app.hi', hi, true),
    set_config('app.line', line, true),
    set_config('app.clearance', own, true);
  RETURN found;
END $$;
CREATE INDEX history_entity ON history (entity, at);

-- As before (0132), but that the planner does not see where the window begins:
-- of (pos, seq) it looks at pos alone, takes the many changes of one
-- transaction for none, and reads all that came after, whosever they are.

SET ROLE taizhang_owner;

CREATE OR REPLACE FUNCTION feed_window(lo bigint, hi bigint, of_line text,
  INOUT pos bigint, INOUT seq bigint, n int) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  own text[] := walls_open();
  width text := CASE WHEN of_line <> '' THEN 'line = $3 AND line <> '''''
    WHEN lo / 1000 = hi / 1000 THEN 'unit_code = $1 - $1 % 1000'
    WHEN lo / 1000000 = hi / 1000000 THEN 'county_code = $1 - $1 % 1000000'
    ELSE 'true' END;
BEGIN
  EXECUTE format('SELECT pos, seq FROM change WHERE %s AND division_code
    BETWEEN $1 AND $2 AND (pos, seq) > (SELECT $4, $5) AND pos < feed_safe()
    ORDER BY pos, seq OFFSET $6 - 1 LIMIT 1', width)
    INTO feed_window.pos, feed_window.seq
    USING lo, hi, of_line, feed_window.pos, feed_window.seq, n;
  PERFORM walls_close(own);
  pos := coalesce(feed_window.pos, 9223372036854775807);
  seq := coalesce(feed_window.seq, 9223372036854775807);
END $$;

RESET ROLE;

-- That a division has ended is said in one place, to whoever asks: the
-- trigger of 0107, and a workbook's batch before it writes (R-01, 1.7).

SET ROLE taizhang_owner;

CREATE FUNCTION division_end(d division) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
      'pointer', '/division_code', 'rule', '3.3.1', 'code', 'ended',
      'zh', d.name || '已撤销，不能再增加记录' || coalesce('，请填到' || heir.name
        || '（' || lpad(heir.code::text, 12, '0') || '）', ''),
      'en', 'has ended and takes no more rows' || coalesce(
        '; its successor is ' || lpad(heir.code::text, 12, '0'), ''))
    FROM (VALUES (1)) one LEFT JOIN division heir
      ON heir.code = d.successor_code
    WHERE d.valid_to IS NOT NULL AND (d.successor_code IS NOT NULL
      OR d.valid_to <= (now() AT TIME ZONE 'Asia/Shanghai')::date) $$;
COMMENT ON FUNCTION division_end(division) IS
  'The fault of a new row in a division that has ended; NULL while it takes rows.';

CREATE OR REPLACE FUNCTION division_open() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE fault jsonb;
BEGIN
  FOR fault IN SELECT division_end(d) FROM division d
    WHERE d.valid_to IS NOT NULL
      AND EXISTS (SELECT FROM new_rows n WHERE n.division_code = d.code)
  LOOP
    IF fault IS NOT NULL THEN
      PERFORM raise_faults(jsonb_build_array(fault));
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

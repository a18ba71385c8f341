-- What masks say is as before (0092, 0094). As functions in SQL that cannot be
-- inlined each call started an executor, two or three for a value: an auditor's
-- query of 5,000 revisions took three times as long as with these.

SET ROLE taizhang_owner;

CREATE OR REPLACE FUNCTION pii_mask_of(profile text, class text) RETURNS "char"
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN coalesce(nullif(substr(CASE profile
      WHEN 'full' THEN 'ffffffffffhfppffffhf'
      WHEN 'township' THEN 'ffffffffffhfppffffhf'
      WHEN 'contacts' THEN 'ffppbbhhhhhhhhffhhhh'
      WHEN 'masked' THEN 'fpppbbhhhhhhhhffhhhh'
      WHEN 'aggregate' THEN 'fphhhhhhhhhhhhhhhhhh'
      WHEN 'none' THEN 'fphhhhhhhhhhhhhhhhhh' END,
    array_position(ARRAY['duty', 'contact', 'name', 'household_no', 'income',
      'members', 'expense', 'identity', 'health', 'minor', 'special', 'loan',
      'account', 'id_number', 'answers', 'opinion', 'signature', 'location',
      'discipline', 'person'], class), 1), ''), 'h')::"char";
END $$;

CREATE OR REPLACE FUNCTION pii_mask(class text, value text, profile text)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  mask "char" := public.pii_mask_of(profile, class);
  n int := char_length(value);
BEGIN
  RETURN CASE
    WHEN mask = 'h' THEN NULL
    WHEN mask = 'f' OR value = '' THEN value
    WHEN class IN ('duty', 'name') THEN left(value, 1) || '*'
    WHEN class = 'contact' AND n >= 7 AND value ~ '^[0-9 +-]+$' THEN
      CASE WHEN n >= 11 THEN left(value, 3) ELSE '' END || '****'
      || right(value, least(4, n / 2))
    WHEN class = 'contact' THEN left(value, 1) || '****'
    WHEN class = 'id_number' AND n >= 15 THEN
      left(value, 3) || repeat('*', n - 7) || right(value, 4)
    WHEN class IN ('household_no', 'account', 'id_number') THEN
      '****' || right(value, least(4, n / 2))
    WHEN value !~ '^-?[0-9]{1,18}$' THEN NULL
    WHEN class = 'income' THEN (ARRAY['0元以下', '0–0.5万元', '0.5–1万元',
      '1–2万元', '2–3万元', '3–5万元', '5–10万元', '10–20万元', '20万元以上'])
      [1 + width_bucket(value::bigint, ARRAY[0, 500000, 1000000, 2000000,
        3000000, 5000000, 10000000, 20000000]::bigint[])]
    WHEN class = 'members' THEN (ARRAY['0人', '1–2人', '3–4人', '5–6人',
      '7人以上'])[1 + width_bucket(value::bigint, ARRAY[1, 3, 5, 7]::bigint[])]
    END;
END $$;

CREATE OR REPLACE FUNCTION ro.masked(class text, clearance int, v text,
  mine int) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE
    WHEN class = 'answers' THEN NULL
    WHEN clearance <= mine THEN
      CASE WHEN class = '' THEN v ELSE public.pii_mask(class, v, 'masked') END
    WHEN class = 'duty' THEN public.pii_mask('name', v, 'masked')
    WHEN class NOT IN ('', 'opinion') THEN
      public.pii_mask(class, v, 'masked')
  END;
END $$;

RESET ROLE;

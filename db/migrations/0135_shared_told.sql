-- Of what is shared, whoever is narrowed by coverage or own rows was told
-- nothing, though he reads it: neither its history nor its changes.

SET ROLE taizhang_owner;

-- As in 0110; what is shared is seen as app_shares() has it.
CREATE OR REPLACE FUNCTION narrow_sees(n text[], entity text, row_id uuid)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  t regclass := to_regclass(quote_ident(entity));
  seen boolean;
BEGIN
  IF t IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s t WHERE id = $1 AND ', t)
    || CASE WHEN entity_shared(entity) THEN
      'narrow_shares($2, app_lo(), division_code, action_id))'
    ELSE format('narrow_lets($2, division_code, %s, %s) AND %s)',
      CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = t
        AND attname = 'action_id' AND NOT attisdropped)
        THEN 'action_id' ELSE 'NULL' END, narrow_owners(t, 't'),
      coalesce(narrow_categories(t, 't', '$2'), 'true')) END
    INTO seen USING row_id, n;
  RETURN seen;
END $$;

-- What webhooks tell of: never more than their owners' grants reach now, with
-- action, coverage and own rows (D3; domain.md 5.1).

SET ROLE taizhang_owner;

-- For the job runner, which reads neither grants' reach nor business rows.
-- Whose grant does not count, or whose account, is not among them.
CREATE FUNCTION webhook_scopes() RETURNS TABLE (id uuid, lo bigint, hi bigint,
  line text, clearance int, action text, cover text, own text, entities text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT w.id, greatest(w.division_code, g.lo),
    least(division_hi(w.division_code), g.hi), w.line,
    least(w.clearance, g.clearance), g.action_id::text, g.cover::text,
    g.owned::text, translate(w.entities::text, '[]', '{}')
  FROM webhook w JOIN grant_reach g ON g.id = w.grant_id AND g.valid
    AND g.role = w.role
    JOIN app_user u ON u.id = g.user_id AND u.status = 'active'
  WHERE w.active AND w.voided_at IS NULL ORDER BY w.id $$;
COMMENT ON FUNCTION webhook_scopes IS
  'What each webhook that is told of changes may be told of.';
REVOKE EXECUTE ON FUNCTION webhook_scopes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_scopes TO taizhang_jobs;

-- The job runner asks it of rows that it cannot read itself. Row-level
-- security holds for the owner as for everybody, by the caller's settings.
ALTER FUNCTION narrow_sees(text[], text, uuid) SECURITY DEFINER
  SET search_path = public, pg_temp;

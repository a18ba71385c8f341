-- A webhook tells of what its owner's grant reaches. Whoever is narrowed in
-- another way (domain.md 5.1) neither reads what it told nor says where it
-- goes: of what he cannot see, he would hear by it.

SET ROLE taizhang_owner;

-- Whether a grant is narrowed as that: {…, action, coverage, own, category}.
-- Past the caller's walls, beyond which his grant's own place may be.
CREATE FUNCTION narrow_same(n text[], of_grant uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  own text[] := walls_open();
  same boolean := EXISTS (SELECT FROM grant_reach g WHERE g.id = of_grant
    AND ARRAY[g.action_id::text, g.cover::text, g.owned::text,
      g.category::text] IS NOT DISTINCT FROM ARRAY[nullif(n[2], ''),
      nullif(n[3], ''), nullif(n[4], ''), nullif(n[5], '')]);
BEGIN
  PERFORM walls_close(own);
  RETURN same;
END $$;
REVOKE EXECUTE ON FUNCTION narrow_same FROM PUBLIC;
GRANT EXECUTE ON FUNCTION narrow_same TO taizhang_api, taizhang_jobs;

ALTER POLICY webhook_narrow ON webhook USING ((SELECT app_narrow()) IS NULL
  OR app_shares(division_code, NULL)
  AND narrow_same((SELECT app_narrow()), grant_id));

-- The log is also asked for what an administrator saw as somebody else.

SET ROLE taizhang_audit;

-- audit.list() of 0091 with one more name of a filter.
DO $$
DECLARE
  was text := pg_get_functiondef('audit.list'::regproc);
  now text := replace(was, '''client'', ''binding'')',
    '''client'', ''viewer'', ''binding'')');
BEGIN
  ASSERT now <> was;
  EXECUTE now;
END $$;

-- Who may have personal data unmasked, and who erases it, are rights like the
-- others (domain.md 5.2, column PII view; 5.3): for a reason, for a case or
-- legal basis, at a person's request.

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);

ALTER TABLE role_right DROP CONSTRAINT role_right_verbs_check,
  ADD CONSTRAINT role_right_verbs_check CHECK (verbs <@ ARRAY['read', 'create',
    'change', 'move', 'sync', 'configure', 'secure', 'audit', 'unmask',
    'unmask_case', 'erase']);

-- Whoever audits reads; whoever administers does nothing else (5.1). Held
-- here too, whatever wrote the row.
CREATE OR REPLACE FUNCTION role_right_part() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE p text := (SELECT part FROM role WHERE code = NEW.role);
BEGIN
  IF NEW.verbs && ARRAY['create', 'change', 'move']
      AND p IN ('auditor', 'security_admin', 'audit_admin', 'public')
    OR NEW.verbs @> '{configure}' AND p <> 'system_admin'
    OR NEW.verbs @> '{secure}' AND p <> 'security_admin'
    OR NEW.verbs @> '{audit}' AND p NOT IN ('audit_admin', 'auditor')
    OR NEW.verbs @> '{sync}' AND p <> 'agent'
    OR NEW.verbs && ARRAY['unmask', 'erase'] AND p <> 'business'
    OR NEW.verbs @> '{unmask_case}' AND p NOT IN ('business', 'auditor') THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation',
      CONSTRAINT = 'role_right_part',
      MESSAGE = format('a role of part %s has no such verb', p);
  END IF;
  RETURN NEW;
END $$;

WITH given (verb, roles, groups) AS (VALUES
  ('unmask', ARRAY['lead_bureau', 'task_force'], ARRAY['asset', 'attachment',
    'benefit', 'class', 'contact', 'form', 'household', 'issue', 'operator',
    'order', 'patrol', 'report', 'risk']),
  ('unmask_case', ARRAY['auditor', 'discipline'], ARRAY['asset', 'attachment',
    'benefit', 'class', 'contact', 'form', 'household', 'issue', 'operator',
    'order', 'patrol', 'report', 'risk']),
  ('erase', ARRAY['lead_bureau', 'township_lead'], ARRAY['household',
    'contact']))
UPDATE role_right r SET most = r.most || x.verbs, verbs = r.verbs || x.verbs
FROM (SELECT role, entity_group, array_agg(verb) AS verbs FROM given,
    unnest(roles) role, unnest(groups) entity_group GROUP BY 1, 2) x
WHERE r.role = x.role AND r.entity_group = x.entity_group
  AND r.verbs @> '{read}';

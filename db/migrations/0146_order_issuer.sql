-- An order that is issued is its issuer's: whom it is addressed to, and anybody
-- beside him, neither rewrites it, nor puts its day off, nor makes it void
-- (B35, domain.md 3.5.7). What it is about belongs to it.

SET ROLE taizhang_owner;

-- Nobody acts when rows are moved by the server itself.
CREATE FUNCTION order_issuer_acts(issuer uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT issuer IS NULL OR app_actor() IS NULL OR EXISTS (SELECT FROM app_user u
    WHERE u.id = app_actor() AND u.org_id = issuer) $$;

CREATE FUNCTION order_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT order_issuer_acts(OLD.issuer_org_id) THEN
    RAISE check_violation USING CONSTRAINT = 'supervision_order_issuer',
      TABLE = 'supervision_order', MESSAGE = 'an issued order is its issuer''s';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER issued BEFORE UPDATE ON supervision_order FOR EACH ROW
  WHEN (OLD.state <> 'draft' AND (OLD.order_no, OLD.kind, OLD.issuer_org_id,
    OLD.target_org_id, OLD.target_person, OLD.source, OLD.basis_visit_id,
    OLD.content, OLD.reply_due_on, OLD.voided_at) IS DISTINCT FROM
    (NEW.order_no, NEW.kind, NEW.issuer_org_id, NEW.target_org_id,
    NEW.target_person, NEW.source, NEW.basis_visit_id, NEW.content,
    NEW.reply_due_on, NEW.voided_at))
  EXECUTE FUNCTION order_issued();

CREATE FUNCTION order_subject_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (OLD.issue_id, OLD.project_id, OLD.note, OLD.voided_at) IS NOT DISTINCT
        FROM (NEW.issue_id, NEW.project_id, NEW.note, NEW.voided_at) THEN
      RETURN NEW;
    END IF;
  END IF;
  IF EXISTS (SELECT FROM supervision_order o WHERE o.id = NEW.order_id
      AND o.state <> 'draft' AND NOT order_issuer_acts(o.issuer_org_id)) THEN
    RAISE check_violation USING CONSTRAINT = 'order_subject_issuer',
      TABLE = 'order_subject', MESSAGE = 'an issued order is its issuer''s';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER issued BEFORE INSERT OR UPDATE ON order_subject
  FOR EACH ROW EXECUTE FUNCTION order_subject_issued();

RESET ROLE;

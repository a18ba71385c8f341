-- What another has decided on stays, whoever recorded it: it is not made void
-- by him, nor rewritten below the decision. A conclusion is followed by
-- another, an entry of the library leaves it by the list, a task is cancelled
-- by who approved it (G3, G25, G27, G35, B22, R-12, domain.md 3.5).

SET ROLE taizhang_owner;

CREATE TRIGGER kept BEFORE UPDATE ON evaluation FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.state = 'concluded') EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON library_entry FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.state IN ('admitted', 'planned', 'implementing', 'done',
      'removed')) EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON filing_review FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.state <> 'submitted') EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON asset_disposal FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.state <> 'draft') EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON ranking_run FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.state NOT IN ('draft', 'computed')) EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON rectification_plan FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.state NOT IN ('draft', 'submitted')) EXECUTE FUNCTION row_kept();

-- Of several conclusions at a level that is asked for, the last one holds.
CREATE OR REPLACE FUNCTION project_evaluated(project uuid) RETURNS boolean
  LANGUAGE sql STABLE AS $$ SELECT coalesce((
    SELECT v.conclusion IN ('passed', 'passed_amended')
    FROM project p JOIN evaluation v ON v.project_id = p.id
    WHERE p.id = project AND v.voided_at IS NULL AND v.state = 'concluded'
      AND array_position(ARRAY['county', 'prefecture', 'province'], v.level)
        >= array_position(ARRAY['county', 'prefecture', 'province'],
          evaluation_due(p.total_investment_fen, p.action_id))
    ORDER BY v.concluded_on DESC, v.updated_at DESC LIMIT 1), false) $$;

-- Refuses what the trigger's WHEN describes, by the name that is its argument.
CREATE FUNCTION refused_as() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE check_violation USING CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME,
    MESSAGE = 'decided on as it stands';
END $$;

-- What was handed in for approval is what is approved, and is carried out.
CREATE TRIGGER settled BEFORE UPDATE ON rectification_plan FOR EACH ROW
  WHEN (OLD.state <> 'draft' AND (OLD.title, OLD.level_label, OLD.start_on,
    OLD.due_on, OLD.goal, OLD.file_id) IS DISTINCT FROM (NEW.title,
    NEW.level_label, NEW.start_on, NEW.due_on, NEW.goal, NEW.file_id))
  EXECUTE FUNCTION refused_as('rectification_plan_settled');

CREATE FUNCTION task_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT state FROM rectification_plan WHERE id = OLD.plan_id) <> 'draft'
  THEN
    RAISE check_violation USING TABLE = 'rectification_task',
      CONSTRAINT = CASE WHEN NEW.voided_at IS DISTINCT FROM OLD.voided_at
        THEN 'rectification_task_kept' ELSE 'rectification_task_settled' END,
      MESSAGE = 'the plan was handed in';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settled BEFORE UPDATE ON rectification_task FOR EACH ROW
  WHEN ((OLD.measure, OLD.due_on, OLD.responsible_org_id, OLD.issue_id,
    OLD.voided_at) IS DISTINCT FROM (NEW.measure, NEW.due_on,
    NEW.responsible_org_id, NEW.issue_id, NEW.voided_at))
  EXECUTE FUNCTION task_settled();

RESET ROLE;

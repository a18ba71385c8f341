-- A confirmed survey keeps what it found and when, and the level that was
-- suggested by it; what was done about it since is recorded in it: a sensitive
-- site is confirmed first and pre-treated before the rectification begins
-- (B12, R-23).

SET ROLE taizhang_owner;

CREATE OR REPLACE FUNCTION risk_assessment_assess() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.level_confirmed IS NOT NULL THEN
    IF (NEW.assessed_on, coalesce(NEW.three_not, '{}'),
        coalesce(NEW.other_risk, '{}'), coalesce(NEW.sensitive, '{}'))
        IS DISTINCT FROM (OLD.assessed_on, coalesce(OLD.three_not, '{}'),
        coalesce(OLD.other_risk, '{}'), coalesce(OLD.sensitive, '{}')) THEN
      RAISE check_violation USING
        MESSAGE = 'a confirmed survey is not rewritten',
        CONSTRAINT = 'risk_assessment_confirmed';
    END IF;
    NEW.level_suggested := OLD.level_suggested;
    RETURN NEW;
  END IF;
  NEW.level_suggested := risk_colour(NEW.three_not, NEW.other_risk,
    NEW.sensitive, NEW.pretreated_on);
  IF TG_OP = 'UPDATE' THEN
    RETURN NEW;
  END IF;
  SELECT id INTO NEW.episode_id FROM risk_episode
    WHERE project_id = NEW.project_id AND action_id = NEW.action_id
      AND voided_at IS NULL AND closed_on IS NULL;
  IF NEW.episode_id IS NULL THEN
    NEW.episode_id := uuid7();
    INSERT INTO risk_episode (id, project_id, action_id, division_code,
        filing_level, reporting_org_id, competent_org_id, competent_line,
        sensitivity)
      VALUES (NEW.episode_id, NEW.project_id, NEW.action_id,
        NEW.division_code, NEW.filing_level, NEW.reporting_org_id,
        NEW.competent_org_id, NEW.competent_line, NEW.sensitivity);
  END IF;
  RETURN NEW;
END $$;

RESET ROLE;

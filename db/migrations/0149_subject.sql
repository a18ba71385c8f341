-- What a form is about is where it is filed: a village's by the village, a
-- household's where the household lives (F30, F32, F34, domain.md 3.3). And a
-- project is replaced only where it is given up (T15).

SET ROLE taizhang_owner;

-- Divisions that merge take their rows along as they are.
CREATE FUNCTION form_response_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  about text;
  fits boolean;
BEGIN
  IF current_user <> 'taizhang_api' THEN
    RETURN NEW;
  END IF;
  SELECT subject_kind INTO about FROM form_template WHERE id = NEW.template_id;
  fits := CASE about
    WHEN 'village' THEN NEW.division_code % 1000 <> 0
    WHEN 'township' THEN NEW.division_code % 1000 = 0
      AND NEW.division_code % 1000000 <> 0
    WHEN 'county' THEN NEW.division_code % 1000000 = 0
      AND NEW.division_code % 100000000 <> 0
    WHEN 'household' THEN NEW.household_id IS NULL OR NEW.division_code =
      (SELECT division_code FROM household WHERE id = NEW.household_id)
    WHEN 'project' THEN NEW.project_id IS NULL OR NEW.division_code =
      (SELECT division_code FROM project WHERE id = NEW.project_id)
    END;
  IF fits IS FALSE THEN
    PERFORM raise_faults(jsonb_build_array(jsonb_build_object('pointer',
      '/division_code', 'rule', 'F32', 'code', 'subject',
      'zh', '问卷须填在调查对象所在的区划：村级问卷填村，乡级填乡镇，县级填县，'
        '入户问卷填农户所在的村',
      'en', 'a form is filed where its subject is: of a village, a township, a '
        'county, or where the household or project lies')));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER place BEFORE INSERT ON form_response
  FOR EACH ROW EXECUTE FUNCTION form_response_place();

CREATE FUNCTION project_replaced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.replaced_by_project_id IS NOT DISTINCT FROM
        OLD.replaced_by_project_id THEN
      RETURN NEW;
    END IF;
  END IF;
  IF current_user = 'taizhang_api' THEN
    RAISE check_violation USING CONSTRAINT = 'project_replaced_c4',
      TABLE = 'project', MESSAGE = 'only what is given up is replaced';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER replaced BEFORE INSERT OR UPDATE ON project FOR EACH ROW
  WHEN (NEW.replaced_by_project_id IS NOT NULL
    AND NEW.replaced_by_project_id <> NEW.id
    AND NEW.current_class4 IS DISTINCT FROM 'C4')
  EXECUTE FUNCTION project_replaced();

RESET ROLE;

-- A ledger's form belongs to the place whose administrator stored it first;
-- who configures less than that place does not replace it (domain.md 5.1).

SET ROLE taizhang_owner;

ALTER TABLE sheet_template ALTER division_code SET DEFAULT app_lo();
COMMENT ON COLUMN sheet_template.division_code IS
  'Place whose administrator stored it; 0 = the installation.';

CREATE FUNCTION sheet_template_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'taizhang_api' AND (NEW.division_code <> app_lo()
      OR EXISTS (SELECT FROM sheet_template t WHERE t.code = NEW.code
        AND t.division_code NOT BETWEEN app_lo() AND app_hi())) THEN
    PERFORM raise_faults(jsonb_build_array(jsonb_build_object(
      'pointer', '/code', 'rule', '5.1', 'code', 'elsewhere',
      'zh', '该代码的模板由上级或其他地区管理，请另用代码',
      'en', 'is the code of a template of a higher or another place:'
        || ' choose another')));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER place AFTER INSERT ON sheet_template
  FOR EACH ROW EXECUTE FUNCTION sheet_template_place();

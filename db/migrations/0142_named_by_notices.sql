-- What the notices name and the model lacked: how a village's collective earns
-- (T42), the categories of issues of risky projects (B5, B6); and what they
-- forbid: bridging funds arranged for a project that has no benefit mechanism
-- (G17), a titled asset disposed of as if it were another's (T16).

SET ROLE taizhang_owner;

ALTER TABLE village_year_fact ADD COLUMN collective_modes text[];
COMMENT ON COLUMN village_year_fact.collective_modes IS
  'Ways in which the collective earns.';
CALL ro_expose('village_year_fact');

CREATE FUNCTION fund_payment_arranged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- What was arranged stays so, whatever becomes of the mechanism.
  IF TG_OP = 'UPDATE' THEN
    IF (OLD.kind, OLD.allocation_id, OLD.voided_at) IS NOT DISTINCT FROM
        (NEW.kind, NEW.allocation_id, NEW.voided_at) THEN
      RETURN NULL;
    END IF;
  END IF;
  IF EXISTS (SELECT FROM fund_allocation a WHERE a.id = NEW.allocation_id
        AND a.fund_type = 'F03')
      AND NOT EXISTS (SELECT FROM benefit_mechanism b
        WHERE b.project_id = NEW.project_id AND b.voided_at IS NULL)
      AND NOT EXISTS (SELECT FROM project p
        WHERE p.id = NEW.project_id AND p.backfilled) THEN
    RAISE check_violation USING CONSTRAINT = 'fund_payment_mechanism',
      TABLE = 'fund_payment', MESSAGE = 'no benefit mechanism';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER arranged AFTER INSERT OR UPDATE ON fund_payment FOR EACH ROW
  WHEN (NEW.kind = 'arrange' AND NEW.voided_at IS NULL)
  EXECUTE FUNCTION fund_payment_arranged();

-- What decides who disposes of it and how is settled with the title.
CREATE FUNCTION asset_titled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE check_violation USING CONSTRAINT = 'asset_titled', TABLE = 'asset',
    MESSAGE = 'owner and type are settled with the title';
END $$;
CREATE TRIGGER titled BEFORE UPDATE ON asset FOR EACH ROW
  WHEN (OLD.state <> 'formed' AND (OLD.owner_kind, OLD.asset_type)
    IS DISTINCT FROM (NEW.owner_kind, NEW.asset_type))
  EXECUTE FUNCTION asset_titled();

-- What others have decided on is not made void by whoever recorded it (B20).
CREATE FUNCTION row_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE check_violation USING CONSTRAINT = 'row_kept', TABLE = TG_TABLE_NAME,
    MESSAGE = 'decided on, and not void';
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON risk_assessment FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.level_confirmed IS NOT NULL) EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON risk_episode FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.initial_level IS NOT NULL) EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON classification_case FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND (OLD.determined_on IS NOT NULL OR OLD.effective_on IS NOT NULL))
  EXECUTE FUNCTION row_kept();
CREATE TRIGGER kept BEFORE UPDATE ON report_submission FOR EACH ROW
  WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL
    AND OLD.state NOT IN ('open', 'returned')) EXECUTE FUNCTION row_kept();

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('collective_mode', 'contract', '资源发包', 1),
  ('collective_mode', 'lease', '物业出租', 2),
  ('collective_mode', 'broker', '居间服务', 3),
  ('collective_mode', 'share', '经营性财产参股', 4),
  ('issue_category', 'N1', '建而不成', 101),
  ('issue_category', 'N2', '成而不用', 102),
  ('issue_category', 'N3', '用而不好', 103),
  ('issue_category', 'R1', '可行性研究不符合要求', 104),
  ('issue_category', 'R2', '尽职调查不符合要求', 105),
  ('issue_category', 'R3', '风险评估不符合要求', 106),
  ('issue_category', 'R4', '入库程序不规范', 107),
  ('issue_category', 'R5', '完工未及时验收', 108),
  ('issue_category', 'R6', '完工未及时结算', 109),
  ('issue_category', 'R7', '资产确权登记不规范', 110),
  ('issue_category', 'R8', '企业出资比例不足', 111),
  ('issue_category', 'R9', '未设立共管账户', 112),
  ('issue_category', 'R10', '财政资金存在风险隐患', 113),
  ('issue_category', 'R99', '其他风险', 114)
ON CONFLICT DO NOTHING;

RESET ROLE;

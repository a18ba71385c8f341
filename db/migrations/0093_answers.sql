-- What the answer to a question tells of somebody (domain.md 5.3): answers are
-- masked one by one. Workers read the classes with the configuration.

SET ROLE taizhang_owner;

ALTER TABLE form_question ADD COLUMN pii_class text;
COMMENT ON COLUMN form_question.pii_class IS
  'What the answer tells of somebody; none = nothing personal.';
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('pii_class', 'contact', '联系方式', 1),
  ('pii_class', 'name', '姓名', 2),
  ('pii_class', 'household_no', '户编号', 3),
  ('pii_class', 'income', '收支金额', 4),
  ('pii_class', 'members', '人口数', 5),
  ('pii_class', 'expense', '其他收支情况', 6),
  ('pii_class', 'identity', '特定身份', 7),
  ('pii_class', 'health', '健康', 8),
  ('pii_class', 'minor', '未成年人', 9),
  ('pii_class', 'special', '信访稳控', 10),
  ('pii_class', 'loan', '贷款', 11),
  ('pii_class', 'account', '金融账户', 12),
  ('pii_class', 'id_number', '身份证号', 13),
  ('pii_class', 'opinion', '群众意见', 14),
  ('pii_class', 'location', '住址位置', 15);
ALTER TABLE form_question ADD CONSTRAINT form_question_pii_class
  CHECK (pii_class IN ('contact', 'name', 'household_no', 'income', 'members',
    'expense', 'identity', 'health', 'minor', 'special', 'loan', 'account',
    'id_number', 'opinion', 'location'));
CREATE TRIGGER conf_question AFTER INSERT OR UPDATE ON form_question
  FOR EACH STATEMENT EXECUTE FUNCTION conf_changed();
CREATE TRIGGER conf_template AFTER INSERT OR UPDATE ON form_template
  FOR EACH STATEMENT EXECUTE FUNCTION conf_changed();

-- 5.2, column PII view. The county's duty roles see contacts, and households
-- whole with a reason; an operator's rows are his own.
UPDATE role SET pii_profile = 'contacts'
  WHERE code IN ('lead_bureau', 'task_force');
UPDATE role SET pii_profile = 'full' WHERE code = 'operator_user';

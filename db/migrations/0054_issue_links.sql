-- What an issue is about, by reference, and the categories of other actions.

SET ROLE taizhang_owner;

ALTER TABLE issue ADD COLUMN project_id uuid, ADD COLUMN household_id uuid;
COMMENT ON COLUMN issue.project_id IS
  'Project the issue is about, when it is registered.';
COMMENT ON COLUMN issue.household_id IS
  'Household the issue is about, when it is registered.';
CREATE INDEX issue_project ON issue (project_id)
  WHERE project_id IS NOT NULL;
CREATE INDEX issue_household ON issue (household_id)
  WHERE household_id IS NOT NULL;

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('issue_category', 'F-1', '防返贫监测', 11),
  ('issue_category', 'F-2', '两不愁三保障及安全饮水', 12),
  ('issue_category', 'F-3', '产业就业', 13),
  ('issue_category', 'F-4', '项目资金', 14),
  ('issue_category', 'F-5', '基础工作', 15),
  ('issue_category', 'F-6', '帮扶责任', 16),
  ('issue_category', 'G-1', '不符合使用范围', 21),
  ('issue_category', 'G-2', '未开展评估论证', 22),
  ('issue_category', 'G-3', '未建立利益联结机制', 23),
  ('issue_category', 'G-9', '其他备案问题', 29)
ON CONFLICT (set_code, code) DO NOTHING;

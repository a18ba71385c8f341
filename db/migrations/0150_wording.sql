-- The reasons of disposal, the causes of lying idle, the seventh step, a
-- finding of the filing review and the tasks of an action in the notices' own
-- words: what was shortened said less, and some of it another thing (B3, F2 to
-- F7, G3, G38, T14, T66).

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);

UPDATE code_item c SET label = x.label FROM (VALUES
  ('disposal_reason', 'X1', '已超过使用年限且无法满足巩固脱贫成果任务需要'),
  ('disposal_reason', 'X2', '因政策或技术原因确需淘汰或无法维修、无维修价值'),
  ('disposal_reason', 'X3', '因自然灾害等不可抗力造成损毁'),
  ('disposal_reason', 'X6', '因市场原因造成持续亏损、盘活无望、前景黯淡'),
  ('idle_cause', 'U1', '论证不充分、不切合实际，盲目跟风'),
  ('idle_cause', 'U2', '政策变化，不能继续实施'),
  ('idle_cause', 'U3', '有资金支持就管，无资金来源时就“停摆”，断断续续折腾，'
    '长期吸血'),
  ('idle_cause', 'U4', '技术、人才支撑不够，应对气候变化能力不足'),
  ('idle_cause', 'U5', '土地租金高、人工成本贵、融资贷款难、扶持政策“断奶”、'
    '市场价格低迷等难以正常经营'),
  ('idle_cause', 'U54', '扶持政策“断奶”'),
  ('idle_cause', 'U6', '缺乏考察论证，盲目引进，市场不认可，产品卖难，'
    '业主放弃经营'),
  ('elimination_step', 'exit', '有序调整、销号退出'),
  ('issue_category', 'G-1', '不符合衔接资金使用范围'),
  ('issue_category', 'F-2', '“两不愁三保障”及安全饮水等政策落实'),
  ('issue_category', 'F-3', '产业就业帮扶'),
  ('issue_category', 'F-4', '项目资金管理'),
  ('fund_type', 'F07', '用于支持脱贫攻坚的政府债券')
  ) AS x (set_code, code, label)
  WHERE c.set_code = x.set_code AND c.code = x.code;

RESET ROLE;

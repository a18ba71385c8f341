-- The newest issues of one sector line: its departments see nothing else.

SET ROLE taizhang_owner;

CREATE INDEX issue_line ON issue (competent_line, created_at, id)
  WHERE competent_line <> '';

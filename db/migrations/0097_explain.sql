-- Security administrators ask why somebody can or cannot (issue 4.7): they
-- hear conditions, and see no row.

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);

INSERT INTO role_right (role, entity_group, verbs, most)
  VALUES ('security_admin', 'explain', '{read}', '{read}');

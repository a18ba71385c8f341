-- What a sheet left about a row is seen exactly when the row is: also by line
-- and by sensitivity. What is about a header block has no line.

SET ROLE taizhang_owner;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['sheet_conflict', 'sheet_request'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR SELECT
      TO taizhang_api USING ((row_id = ledger_id AND app_line() = '''')
        OR EXISTS (SELECT FROM issue i WHERE i.id = row_id))',
      t || '_row', t);
  END LOOP;
END $$;

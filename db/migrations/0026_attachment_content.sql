-- An attachment without its content is none, and the content never changes.

SET ROLE taizhang_owner;

ALTER TABLE attachment
  ALTER mime SET NOT NULL,
  ALTER bytes SET NOT NULL,
  ALTER sha256 SET NOT NULL,
  ADD CHECK (bytes > 0),
  ADD CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  -- No folder, no control character, no change of reading direction.
  ADD CHECK (name ~ '^[^/\\\u0001-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+$');
CREATE INDEX attachment_content ON attachment (sha256);

CREATE FUNCTION attachment_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE check_violation USING CONSTRAINT = 'attachment_fixed',
    MESSAGE = 'the content of an attachment never changes';
END $$;
CREATE TRIGGER fixed BEFORE UPDATE ON attachment FOR EACH ROW
  WHEN ((OLD.mime, OLD.bytes, OLD.sha256, OLD.name) IS DISTINCT FROM
    (NEW.mime, NEW.bytes, NEW.sha256, NEW.name))
  EXECUTE FUNCTION attachment_fixed();

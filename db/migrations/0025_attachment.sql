-- Attachments (附件): rows here, files under their digest beside the database.

SET ROLE taizhang_owner;

CREATE TABLE attachment (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) <= 200),
  mime text CHECK (char_length(mime) <= 100),
  bytes int,
  sha256 text CHECK (char_length(sha256) <= 64),
  note text CHECK (char_length(note) <= 500)
);
CALL business_table('attachment', 'optional');
COMMENT ON TABLE attachment IS 'Files kept as evidence or archive: photos, scans, workbooks.';
COMMENT ON COLUMN attachment.name IS 'Name of the file as it was sent.';
COMMENT ON COLUMN attachment.mime IS 'Media type, found in the content.';
COMMENT ON COLUMN attachment.bytes IS 'Size in bytes.';
COMMENT ON COLUMN attachment.sha256 IS 'SHA-256 of the content, in hexadecimal.';
COMMENT ON COLUMN attachment.note IS 'What it shows.';

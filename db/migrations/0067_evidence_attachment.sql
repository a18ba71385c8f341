-- Evidence names attachments that exist.

SET ROLE taizhang_owner;

ALTER TABLE evidence ADD FOREIGN KEY (attachment_id) REFERENCES attachment;
CREATE INDEX evidence_of_attachment ON evidence (attachment_id);

-- What the chapters of orders, forms, archives and cases point at in those of
-- projects and households.

SET ROLE taizhang_owner;

ALTER TABLE issue
  ADD FOREIGN KEY (project_id) REFERENCES project,
  ADD FOREIGN KEY (household_id) REFERENCES household;
ALTER TABLE order_subject ADD FOREIGN KEY (project_id) REFERENCES project;
ALTER TABLE patrol_subject
  ADD FOREIGN KEY (project_id) REFERENCES project,
  ADD FOREIGN KEY (household_id) REFERENCES household;
ALTER TABLE accountability_case
  ADD FOREIGN KEY (project_id) REFERENCES project;
ALTER TABLE form_response
  ADD FOREIGN KEY (project_id) REFERENCES project,
  ADD FOREIGN KEY (household_id) REFERENCES household;
ALTER TABLE archive_file
  ADD FOREIGN KEY (project_id) REFERENCES project,
  ADD FOREIGN KEY (household_id) REFERENCES household;
ALTER TABLE case_record ADD FOREIGN KEY (project_id) REFERENCES project;

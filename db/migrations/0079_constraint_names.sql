-- Constraints over several columns are called by what they demand: the API
-- answers with the words that the model has for the name.

SET ROLE taizhang_owner;

ALTER TABLE supervision_order
  RENAME CONSTRAINT supervision_order_check TO supervision_order_received;
ALTER TABLE supervision_order
  RENAME CONSTRAINT supervision_order_check1 TO supervision_order_replied;
ALTER TABLE supervision_order
  RENAME CONSTRAINT supervision_order_check2 TO supervision_order_verdict;
ALTER TABLE supervision_order
  RENAME CONSTRAINT supervision_order_check3 TO supervision_order_issued;
ALTER TABLE supervision_order
  RENAME CONSTRAINT supervision_order_check4 TO supervision_order_reply;
ALTER TABLE accountability_case
  RENAME CONSTRAINT accountability_case_check TO accountability_case_decided;
ALTER TABLE accountability_case
  RENAME CONSTRAINT accountability_case_check1 TO accountability_case_outcome;
ALTER TABLE form_template
  RENAME CONSTRAINT form_template_check TO form_template_valid;
ALTER TABLE form_question
  RENAME CONSTRAINT form_question_check TO form_question_range;
ALTER TABLE sign_off RENAME CONSTRAINT sign_off_check TO sign_off_signer;
ALTER TABLE archive_file
  RENAME CONSTRAINT archive_file_check TO archive_file_subject;
ALTER TABLE report_def RENAME CONSTRAINT report_def_check TO report_def_valid;
ALTER TABLE report_obligation
  RENAME CONSTRAINT report_obligation_check TO report_obligation_submission;
ALTER TABLE report_submission
  RENAME CONSTRAINT report_submission_check TO report_submission_submitted;
ALTER TABLE report_submission
  RENAME CONSTRAINT report_submission_check1 TO report_submission_doc;
ALTER TABLE ranking_run
  RENAME CONSTRAINT ranking_run_check TO ranking_run_objection;
ALTER TABLE ranking_run
  RENAME CONSTRAINT ranking_run_check1 TO ranking_run_doc;

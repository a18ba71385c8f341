-- What every column holds, in the words of the model.

SET ROLE taizhang_owner;

COMMENT ON COLUMN division.code IS 'Twelve-digit division code.';
COMMENT ON COLUMN division.name IS 'Full name.';
COMMENT ON COLUMN division.short_name IS 'Short name.';
COMMENT ON COLUMN division.level IS '0 nation to 5 village.';
COMMENT ON COLUMN division.kind IS
  'Kind of township or village: zhen, xiang, jiedao, quasi.';
COMMENT ON COLUMN division.parent_code IS 'Superior division.';
COMMENT ON COLUMN division.valid_from IS 'First day of validity.';
COMMENT ON COLUMN division.valid_to IS 'Last day of validity.';
COMMENT ON COLUMN division.successor_code IS
  'Division that took over after a merger or split.';
COMMENT ON COLUMN division.is_tuopin_county IS
  'Lifted out of poverty (county).';
COMMENT ON COLUMN division.is_tuopin_village IS
  'Lifted out of poverty (village).';
COMMENT ON COLUMN division.is_key_county IS 'Key county of assistance.';
COMMENT ON COLUMN division.is_functional IS
  'A zone or centre outside the statutory tree.';
COMMENT ON COLUMN division.updated_at IS 'Time of the last change.';

COMMENT ON COLUMN org_unit.id IS 'Identifier.';
COMMENT ON COLUMN org_unit.code IS 'Code, unique within the division.';
COMMENT ON COLUMN org_unit.name IS 'Full name.';
COMMENT ON COLUMN org_unit.kind IS 'Kind of organisation (org_kind).';
COMMENT ON COLUMN org_unit.level IS '0 nation to 5 village.';
COMMENT ON COLUMN org_unit.division_code IS 'Division it belongs to.';
COMMENT ON COLUMN org_unit.parent_org_id IS 'Superior organisation.';
COMMENT ON COLUMN org_unit.line_code IS 'Sector line, such as 农业农村.';
COMMENT ON COLUMN org_unit.uscc IS 'Unified social credit code.';
COMMENT ON COLUMN org_unit.valid_from IS 'First day of validity.';
COMMENT ON COLUMN org_unit.valid_to IS 'Last day of validity.';
COMMENT ON COLUMN org_unit.rev IS 'Revision, one more with every change.';
COMMENT ON COLUMN org_unit.created_at IS 'Time of creation.';
COMMENT ON COLUMN org_unit.created_by IS 'Who created it.';
COMMENT ON COLUMN org_unit.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN org_unit.updated_by IS 'Who changed it last.';

COMMENT ON COLUMN action.id IS 'Identifier.';
COMMENT ON COLUMN action.code IS 'Stable code of the action.';
COMMENT ON COLUMN action.name IS 'Name of the action.';
COMMENT ON COLUMN action.short_name IS 'Short name, used in file names.';
COMMENT ON COLUMN action.level IS 'Level that issued it.';
COMMENT ON COLUMN action.division_code IS 'Root of its scope.';
COMMENT ON COLUMN action.year IS 'Year that completes dates such as 4月6日.';
COMMENT ON COLUMN action.doc_no IS 'Number of the founding document.';
COMMENT ON COLUMN action.doc_title IS 'Title of the founding document.';
COMMENT ON COLUMN action.doc_issued_on IS 'Date of the document.';
COMMENT ON COLUMN action.doc_issuers IS 'Issuers, a list of names.';
COMMENT ON COLUMN action.doc_parents IS 'Numbers of the parent documents.';
COMMENT ON COLUMN action.start_on IS 'First day.';
COMMENT ON COLUMN action.end_on IS 'Last day; none for a lasting action.';
COMMENT ON COLUMN action.scope_from_date IS
  'Projects carried out since this day are in scope.';
COMMENT ON COLUMN action.scope_fund_types IS 'Funds in scope (fund_type).';
COMMENT ON COLUMN action.lead_orgs IS 'Codes of the leading organisations.';
COMMENT ON COLUMN action.status IS 'draft, active or closed.';
COMMENT ON COLUMN action.rev IS 'Revision, one more with every change.';
COMMENT ON COLUMN action.created_at IS 'Time of creation.';
COMMENT ON COLUMN action.created_by IS 'Who created it.';
COMMENT ON COLUMN action.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN action.updated_by IS 'Who changed it last.';

COMMENT ON COLUMN issue.seq_no IS
  'Number within the unit and the action, given by the server.';
COMMENT ON COLUMN issue.category IS 'Category of the issue.';
COMMENT ON COLUMN issue.subject_kind IS 'What the issue is about.';
COMMENT ON COLUMN issue.project_uid IS 'Project the issue belongs to.';
COMMENT ON COLUMN issue.village_code IS 'Village the issue belongs to.';
COMMENT ON COLUMN issue.unit_org_id IS 'Organisation the issue belongs to.';
COMMENT ON COLUMN issue.description IS
  'Unit or project, entity, time and facts, as written.';
COMMENT ON COLUMN issue.d_unit_or_project IS
  'Department or project named in the description.';
COMMENT ON COLUMN issue.d_entity IS
  'Implementing entity named in the description.';
COMMENT ON COLUMN issue.d_happened_on IS
  'When it happened: year, month or day.';
COMMENT ON COLUMN issue.d_basic IS 'The facts of the issue.';
COMMENT ON COLUMN issue.source IS 'How the issue was found.';
COMMENT ON COLUMN issue.source_ref IS 'Document or record of the source.';
COMMENT ON COLUMN issue.source_year IS 'Year of the source.';
COMMENT ON COLUMN issue.source_level IS 'Level of the source.';
COMMENT ON COLUMN issue.found_in_phase IS
  'Phase of the action in which it was found.';
COMMENT ON COLUMN issue.found_on IS 'Day it was found.';
COMMENT ON COLUMN issue.cause IS 'Why it came about.';
COMMENT ON COLUMN issue.responsible_subject_kind IS
  'Kind of body that rectifies; decides who accepts.';
COMMENT ON COLUMN issue.responsible_org IS
  'Responsible organisation as printed; an open list.';
COMMENT ON COLUMN issue.responsible_org_id IS
  'Responsible organisation, when it is registered.';
COMMENT ON COLUMN issue.leader_name IS 'The one responsible leader.';
COMMENT ON COLUMN issue.leader_phone IS 'Telephone of the leader.';
COMMENT ON COLUMN issue.person_name IS
  'Person who carries the rectification out.';
COMMENT ON COLUMN issue.person_contact IS 'Telephone of the person.';
COMMENT ON COLUMN issue.task_force IS 'Task force in charge of the issue.';
COMMENT ON COLUMN issue.goal IS 'What shall be reached.';
COMMENT ON COLUMN issue.measures IS 'What shall be done.';
COMMENT ON COLUMN issue.rectify_mode IS
  'At once, within a time limit, or lasting.';
COMMENT ON COLUMN issue.due_on IS 'Last day of the rectification.';
COMMENT ON COLUMN issue.progress_text IS 'Progress as written.';
COMMENT ON COLUMN issue.is_completed IS
  'Whether the rectification is complete.';
COMMENT ON COLUMN issue.incomplete_reason IS 'Why it is not complete.';
COMMENT ON COLUMN issue.expected_on IS 'Expected day of completion.';
COMMENT ON COLUMN issue.state IS 'State of the lifecycle.';
COMMENT ON COLUMN issue.accepted IS
  'Whether it passed acceptance; blank = not answered.';
COMMENT ON COLUMN issue.accepted_on IS 'Day of acceptance.';
COMMENT ON COLUMN issue.accepted_by IS 'User who accepted.';
COMMENT ON COLUMN issue.acceptor_org IS 'Organisation that accepted.';
COMMENT ON COLUMN issue.self_verified IS
  'Verified by the responsible department itself.';
COMMENT ON COLUMN issue.closed IS 'Whether it is closed; needs acceptance.';
COMMENT ON COLUMN issue.closed_on IS 'Day it was closed.';
COMMENT ON COLUMN issue.closed_by IS 'User who closed it.';
COMMENT ON COLUMN issue.submitted_on IS 'Day acceptance was requested.';
COMMENT ON COLUMN issue.submitted_by IS 'User who requested acceptance.';
COMMENT ON COLUMN issue.attempt IS 'How often acceptance was requested.';
COMMENT ON COLUMN issue.next_review_on IS 'Next review of a suspended issue.';
COMMENT ON COLUMN issue.merged_into_id IS 'Issue it was merged into.';
COMMENT ON COLUMN issue.accountability_ref IS
  'Accountability case; disciplinary clearance only.';
COMMENT ON COLUMN issue.id IS 'Identifier (UUIDv7).';
COMMENT ON COLUMN issue.division_code IS
  'Owning place; the first key of every list.';
COMMENT ON COLUMN issue.unit_code IS 'Township-level division of the row.';
COMMENT ON COLUMN issue.action_id IS 'Action the row belongs to.';
COMMENT ON COLUMN issue.filing_level IS
  'Level that files the row, 1 province to 5 village.';
COMMENT ON COLUMN issue.reporting_org_id IS 'Organisation that files the row.';
COMMENT ON COLUMN issue.competent_org_id IS 'Competent department.';
COMMENT ON COLUMN issue.competent_line IS
  'Sector line of the competent department.';
COMMENT ON COLUMN issue.on_behalf_of_org_id IS
  'Organisation for which another filed the row.';
COMMENT ON COLUMN issue.sensitivity IS
  '0 public to 4 disciplinary; read by clearance.';
COMMENT ON COLUMN issue.channel IS 'api, sheet, import or rule.';
COMMENT ON COLUMN issue.extra IS
  'Further typed fields of a template; columns staff added.';
COMMENT ON COLUMN issue.rev IS 'Revision, one more with every change.';
COMMENT ON COLUMN issue.created_at IS 'Time of creation.';
COMMENT ON COLUMN issue.created_by IS 'Who created it.';
COMMENT ON COLUMN issue.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN issue.updated_by IS 'Who changed it last.';
COMMENT ON COLUMN issue.voided_at IS 'When it was voided; nothing is deleted.';
COMMENT ON COLUMN issue.voided_by IS 'Who voided it.';
COMMENT ON COLUMN issue.void_reason IS 'Why it was voided.';

COMMENT ON COLUMN issue_progress.id IS 'Identifier.';
COMMENT ON COLUMN issue_progress.issue_id IS 'Issue it belongs to.';
COMMENT ON COLUMN issue_progress.noted_on IS 'Day of the note.';
COMMENT ON COLUMN issue_progress.text IS 'What was done.';
COMMENT ON COLUMN issue_progress.percent IS 'Percent done.';
COMMENT ON COLUMN issue_progress.division_code IS 'Division of the issue.';
COMMENT ON COLUMN issue_progress.created_at IS 'Time of the record.';
COMMENT ON COLUMN issue_progress.created_by IS 'Who made it.';

COMMENT ON COLUMN issue_acceptance.id IS 'Identifier.';
COMMENT ON COLUMN issue_acceptance.issue_id IS 'Issue it belongs to.';
COMMENT ON COLUMN issue_acceptance.attempt IS 'Which attempt.';
COMMENT ON COLUMN issue_acceptance.command IS 'Command that was given.';
COMMENT ON COLUMN issue_acceptance.result IS 'passed or failed.';
COMMENT ON COLUMN issue_acceptance.opinion IS 'Opinion of the acceptor.';
COMMENT ON COLUMN issue_acceptance.requested_on IS 'Day of the request.';
COMMENT ON COLUMN issue_acceptance.requested_by IS 'Who requested.';
COMMENT ON COLUMN issue_acceptance.self_verified IS
  'Verified by the responsible department itself.';
COMMENT ON COLUMN issue_acceptance.division_code IS 'Division of the issue.';
COMMENT ON COLUMN issue_acceptance.created_at IS 'Time of the record.';
COMMENT ON COLUMN issue_acceptance.created_by IS 'Who made it.';

COMMENT ON COLUMN evidence.id IS 'Identifier.';
COMMENT ON COLUMN evidence.issue_id IS 'Issue it belongs to.';
COMMENT ON COLUMN evidence.kind IS 'Kind of evidence.';
COMMENT ON COLUMN evidence.title IS 'What it shows.';
COMMENT ON COLUMN evidence.reference IS
  'Where it lies: file name, path or number.';
COMMENT ON COLUMN evidence.sha256 IS 'SHA-256 of the file, hex.';
COMMENT ON COLUMN evidence.note IS 'Remark.';
COMMENT ON COLUMN evidence.division_code IS 'Division of the issue.';
COMMENT ON COLUMN evidence.created_at IS 'Time of the record.';
COMMENT ON COLUMN evidence.created_by IS 'Who made it.';

COMMENT ON COLUMN app_user.id IS 'Identifier.';
COMMENT ON COLUMN app_user.login IS 'Name to sign in with.';
COMMENT ON COLUMN app_user.name IS 'Name.';
COMMENT ON COLUMN app_user.phone IS 'Telephone.';
COMMENT ON COLUMN app_user.org_id IS 'Organisation.';
COMMENT ON COLUMN app_user.division_code IS
  'Division whose administrators manage the user.';
COMMENT ON COLUMN app_user.status IS 'active or locked.';
COMMENT ON COLUMN app_user.password IS 'argon2id; never in history.';
COMMENT ON COLUMN app_user.last_login_at IS 'Time of the last sign-in.';
COMMENT ON COLUMN app_user.rev IS 'Revision, one more with every change.';
COMMENT ON COLUMN app_user.created_at IS 'Time of creation.';
COMMENT ON COLUMN app_user.created_by IS 'Who created it.';
COMMENT ON COLUMN app_user.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN app_user.updated_by IS 'Who changed it last.';

COMMENT ON COLUMN role_grant.id IS 'Identifier.';
COMMENT ON COLUMN role_grant.user_id IS 'User.';
COMMENT ON COLUMN role_grant.role IS 'Role code.';
COMMENT ON COLUMN role_grant.division_code IS 'Root of what it reaches.';
COMMENT ON COLUMN role_grant.line_code IS
  'Sector line it is limited to; empty = none.';
COMMENT ON COLUMN role_grant.clearance IS 'Sensitivity it reads up to.';
COMMENT ON COLUMN role_grant.valid_from IS 'Start.';
COMMENT ON COLUMN role_grant.valid_to IS 'End; null = lasting.';
COMMENT ON COLUMN role_grant.rev IS 'Revision, one more with every change.';
COMMENT ON COLUMN role_grant.created_at IS 'Time of creation.';
COMMENT ON COLUMN role_grant.created_by IS 'Who created it.';
COMMENT ON COLUMN role_grant.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN role_grant.updated_by IS 'Who changed it last.';

COMMENT ON COLUMN session.id IS 'Identifier.';
COMMENT ON COLUMN session.user_id IS 'User.';
COMMENT ON COLUMN session.grant_id IS 'Role taken for the session.';
COMMENT ON COLUMN session.division_code IS 'Division of that role.';
COMMENT ON COLUMN session.token_hash IS 'SHA-256 of the bearer token.';
COMMENT ON COLUMN session.remote IS 'Address at sign-in.';
COMMENT ON COLUMN session.created_at IS 'Time of sign-in.';
COMMENT ON COLUMN session.last_seen_at IS
  'Last use; ends 30 minutes after it.';
COMMENT ON COLUMN session.expires_at IS 'End in any case.';
COMMENT ON COLUMN session.revoked_at IS 'When it was signed out or withdrawn.';

COMMENT ON COLUMN agent_token.id IS
  'Identifier; the actor of what the agent does.';
COMMENT ON COLUMN agent_token.binding_id IS 'Folder it serves.';
COMMENT ON COLUMN agent_token.name IS 'Name of the agent.';
COMMENT ON COLUMN agent_token.org_id IS 'Organisation it writes for.';
COMMENT ON COLUMN agent_token.division_code IS 'Root of what it reaches.';
COMMENT ON COLUMN agent_token.line_code IS
  'Sector line it is limited to; empty = none.';
COMMENT ON COLUMN agent_token.clearance IS 'Sensitivity it reads up to.';
COMMENT ON COLUMN agent_token.token_hash IS 'SHA-256 of the bearer token.';
COMMENT ON COLUMN agent_token.created_at IS 'Time of creation.';
COMMENT ON COLUMN agent_token.created_by IS 'Who created it.';
COMMENT ON COLUMN agent_token.expires_at IS 'End; null = lasting.';
COMMENT ON COLUMN agent_token.revoked_at IS 'When it was withdrawn.';

COMMENT ON COLUMN login_failure.key IS 'account:LOGIN or address:IP.';
COMMENT ON COLUMN login_failure.failures IS 'Failures in a row.';
COMMENT ON COLUMN login_failure.last_at IS 'Time of the last one.';
COMMENT ON COLUMN login_failure.locked_until IS 'No sign-in before.';

COMMENT ON COLUMN idempotency.actor IS 'User the key belongs to.';
COMMENT ON COLUMN idempotency.key IS 'Idempotency-Key.';
COMMENT ON COLUMN idempotency.path IS 'Path of the request.';
COMMENT ON COLUMN idempotency.body_sha IS 'SHA-256 of its body.';
COMMENT ON COLUMN idempotency.status IS 'Status of the reply.';
COMMENT ON COLUMN idempotency.etag IS 'Revision in its ETag.';
COMMENT ON COLUMN idempotency.reply IS 'Body of the reply.';
COMMENT ON COLUMN idempotency.created_at IS 'Time of the request.';

COMMENT ON COLUMN action_phase.action_id IS 'Action.';
COMMENT ON COLUMN action_phase.seq IS 'Order.';
COMMENT ON COLUMN action_phase.kind IS 'Kind of phase.';
COMMENT ON COLUMN action_phase.name IS 'Name.';
COMMENT ON COLUMN action_phase.start_on IS 'First day.';
COMMENT ON COLUMN action_phase.end_on IS 'Last day; null = open.';
COMMENT ON COLUMN action_phase.source IS 'Clause of the document.';

COMMENT ON COLUMN action_param.action_id IS 'Action.';
COMMENT ON COLUMN action_param.key IS 'Key used by the rules.';
COMMENT ON COLUMN action_param.value IS 'Value as text.';
COMMENT ON COLUMN action_param.source IS 'Clause of the document.';

COMMENT ON COLUMN action_unit.action_id IS 'Action.';
COMMENT ON COLUMN action_unit.division_code IS 'Division that takes part.';
COMMENT ON COLUMN action_unit.duty IS
  'lead, competent, responsible, patrol or reporter.';

COMMENT ON COLUMN code_item.set_code IS 'Code set.';
COMMENT ON COLUMN code_item.code IS 'Code that is stored.';
COMMENT ON COLUMN code_item.label IS 'Label that is printed.';
COMMENT ON COLUMN code_item.sort IS 'Order in lists.';

COMMENT ON COLUMN code_override.action_id IS 'Action.';
COMMENT ON COLUMN code_override.set_code IS
  'Code set; the actions items replace it.';
COMMENT ON COLUMN code_override.code IS 'Code that is stored.';
COMMENT ON COLUMN code_override.label IS 'Label the action prints.';
COMMENT ON COLUMN code_override.sort IS 'Order in lists.';

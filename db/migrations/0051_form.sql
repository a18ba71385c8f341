-- Questionnaires as data, their answers, what they find, signatures
-- (domain.md 3.3, 3.5.9, R-16).

SET ROLE taizhang_owner;

CREATE TABLE form_template (
  id uuid PRIMARY KEY,
  code text NOT NULL CHECK (char_length(code) <= 40),
  version int NOT NULL CHECK (version BETWEEN 1 AND 999),
  subject_kind text NOT NULL,
  title text NOT NULL CHECK (char_length(title) <= 200),
  header_fields jsonb,
  sections jsonb,
  sign_blocks jsonb,
  needs_review boolean,
  layout text CHECK (char_length(layout) <= 40),
  valid_from date,
  valid_to date
);
CALL business_table('form_template', 'optional');
CALL business_key('form_template', 'code', 'version');
COMMENT ON TABLE form_template IS
  'Questionnaires: what is asked, of whom, signed by whom.';
COMMENT ON COLUMN form_template.code IS 'Stable code of the form.';
COMMENT ON COLUMN form_template.version IS
  'Version; what was answered keeps its own.';
COMMENT ON COLUMN form_template.subject_kind IS 'What a response is about.';
COMMENT ON COLUMN form_template.title IS 'Title as printed.';
COMMENT ON COLUMN form_template.header_fields IS
  'Fields of the header: name, label and kind, a list.';
COMMENT ON COLUMN form_template.sections IS
  'Sections in their order: number, title and key, a list.';
COMMENT ON COLUMN form_template.sign_blocks IS
  'Blocks of signatures as printed, a list.';
COMMENT ON COLUMN form_template.needs_review IS
  'Whether a second signature reviews the answers.';
COMMENT ON COLUMN form_template.layout IS 'Code of the printed layout.';
COMMENT ON COLUMN form_template.valid_from IS 'First day it may be used.';
COMMENT ON COLUMN form_template.valid_to IS 'Last day it may be used.';

CREATE TABLE form_question (
  id uuid PRIMARY KEY,
  template_id uuid NOT NULL,
  qid text NOT NULL CHECK (char_length(qid) <= 12),
  seq int NOT NULL CHECK (seq BETWEEN 1 AND 9999),
  section text NOT NULL CHECK (char_length(section) <= 20),
  text text NOT NULL CHECK (char_length(text) <= 1000),
  kind text NOT NULL,
  choices jsonb,
  problem_when text NOT NULL,
  category_code text,
  responsible_lines jsonb,
  computed_by text CHECK (char_length(computed_by) <= 60),
  required boolean,
  required_if text CHECK (char_length(required_if) <= 40),
  any_of text CHECK (char_length(any_of) <= 20),
  min_value int,
  max_value int,
  not_above text CHECK (char_length(not_above) <= 12),
  sum_of jsonb,
  hint text CHECK (char_length(hint) <= 500)
);
CALL business_table('form_question', 'optional');
CALL business_child('form_question', 'template_id', 'form_template');
CALL business_key('form_question', 'template_id', 'qid');
CALL business_sort('form_question', 'seq');
COMMENT ON TABLE form_question IS
  'Questions of a form and which answers are problems.';
COMMENT ON COLUMN form_question.template_id IS 'Form it belongs to.';
COMMENT ON COLUMN form_question.qid IS 'Number of the question, as H2.1.';
COMMENT ON COLUMN form_question.seq IS 'Place in the form.';
COMMENT ON COLUMN form_question.section IS
  'Key of its section; notes are kept by it.';
COMMENT ON COLUMN form_question.text IS 'Question as printed.';
COMMENT ON COLUMN form_question.kind IS 'Type of the answer.';
COMMENT ON COLUMN form_question.choices IS
  'Choices of a choice: value and label, a list.';
COMMENT ON COLUMN form_question.problem_when IS 'Which answer is a problem.';
COMMENT ON COLUMN form_question.category_code IS
  'Category of the issue it raises.';
COMMENT ON COLUMN form_question.responsible_lines IS
  'Sector lines that rectify, the first leads; a list.';
COMMENT ON COLUMN form_question.computed_by IS
  'Rule that answers it from data.';
COMMENT ON COLUMN form_question.required IS
  'Whether it must be answered before signing.';
COMMENT ON COLUMN form_question.required_if IS
  'Must be answered if another was, as H1.8=1.';
COMMENT ON COLUMN form_question.any_of IS
  'Group of questions of which one answer is enough.';
COMMENT ON COLUMN form_question.min_value IS
  'Least number allowed; money in 分.';
COMMENT ON COLUMN form_question.max_value IS
  'Greatest number allowed; money in 分.';
COMMENT ON COLUMN form_question.not_above IS
  'Question whose number it must not exceed.';
COMMENT ON COLUMN form_question.sum_of IS
  'Questions whose sum it is, within a yuan; a list.';
COMMENT ON COLUMN form_question.hint IS 'What to mind.';

CREATE TABLE form_response (
  id uuid PRIMARY KEY,
  template_id uuid NOT NULL REFERENCES form_template,
  household_id uuid,
  project_id uuid,
  surveyed_on date NOT NULL,
  header jsonb,
  answers jsonb,
  notes jsonb,
  surveyors text CHECK (char_length(surveyors) <= 200),
  geo jsonb,
  answered int,
  positives int,
  warnings jsonb,
  content_hash text CHECK (content_hash ~ '^[0-9a-f]{64}$'),
  state text NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'surveyed', 'reviewed', 'filed')),
  surveyed_by uuid,
  reviewed_by uuid,
  reviewed_on date,
  filed_on date,
  filed_by uuid
);
CALL business_table('form_response', 'required');
CALL business_sort('form_response', 'surveyed_on');
CALL business_sort('form_response', 'positives');
COMMENT ON TABLE form_response IS
  'Answered forms, one row each, with their signatures.';
COMMENT ON COLUMN form_response.template_id IS 'Form that was answered.';
COMMENT ON COLUMN form_response.household_id IS 'Household it is about.';
COMMENT ON COLUMN form_response.project_id IS 'Project it is about.';
COMMENT ON COLUMN form_response.surveyed_on IS 'Day of the survey.';
COMMENT ON COLUMN form_response.header IS 'What was filled into the header.';
COMMENT ON COLUMN form_response.answers IS
  'Answers by the number of the question.';
COMMENT ON COLUMN form_response.notes IS
  'Descriptions of problems by section.';
COMMENT ON COLUMN form_response.surveyors IS
  'Who surveyed, as signed on paper.';
COMMENT ON COLUMN form_response.geo IS
  'Where it was filled: longitude and latitude.';
COMMENT ON COLUMN form_response.answered IS 'Questions that are answered.';
COMMENT ON COLUMN form_response.positives IS 'Answers that are problems.';
COMMENT ON COLUMN form_response.warnings IS
  'Answers that do not fit each other, a list.';
COMMENT ON COLUMN form_response.content_hash IS
  'SHA-256 of header, answers and notes.';
COMMENT ON COLUMN form_response.state IS 'State of the lifecycle.';
COMMENT ON COLUMN form_response.surveyed_by IS 'Who signed the survey.';
COMMENT ON COLUMN form_response.reviewed_by IS 'Who signed the review.';
COMMENT ON COLUMN form_response.reviewed_on IS 'Day of the review.';
COMMENT ON COLUMN form_response.filed_on IS 'Day it was filed.';
COMMENT ON COLUMN form_response.filed_by IS 'Who filed it.';

CREATE TABLE form_finding (
  id uuid PRIMARY KEY,
  response_id uuid,
  qid text CHECK (char_length(qid) <= 12),
  issue_id uuid REFERENCES issue
);
CALL business_table('form_finding', 'optional');
CALL business_child('form_finding', 'response_id', 'form_response');
CALL business_key('form_finding', 'response_id', 'qid');
COMMENT ON TABLE form_finding IS
  'Which answer of which form became which issue.';
COMMENT ON COLUMN form_finding.response_id IS 'Response it came from.';
COMMENT ON COLUMN form_finding.qid IS 'Question whose answer is the problem.';
COMMENT ON COLUMN form_finding.issue_id IS 'Issue that was made of it.';

CREATE TABLE sign_off (
  id uuid PRIMARY KEY,
  response_id uuid REFERENCES form_response,
  submission_id uuid,
  block text NOT NULL CHECK (char_length(block) <= 40),
  kind text NOT NULL,
  signer_name text CHECK (char_length(signer_name) <= 60),
  signer_post text CHECK (char_length(signer_post) <= 60),
  signer_org text CHECK (char_length(signer_org) <= 100),
  signed_on date NOT NULL,
  image_id uuid REFERENCES attachment,
  electronic boolean,
  content_hash text CHECK (content_hash ~ '^[0-9a-f]{64}$')
);
CALL business_table('sign_off', 'optional');
COMMENT ON TABLE sign_off IS
  'Signatures and seals, each bound to the content it stands under.';
COMMENT ON COLUMN sign_off.response_id IS 'Form that is signed.';
COMMENT ON COLUMN sign_off.submission_id IS 'Report that is signed.';
COMMENT ON COLUMN sign_off.block IS 'Which block of the form it fills.';
COMMENT ON COLUMN sign_off.kind IS
  'Signature, seal, party document or joint document.';
COMMENT ON COLUMN sign_off.signer_name IS 'Who signed.';
COMMENT ON COLUMN sign_off.signer_post IS 'Post of the signer.';
COMMENT ON COLUMN sign_off.signer_org IS
  'Organisation of the signer or of the seal.';
COMMENT ON COLUMN sign_off.signed_on IS 'Day of the signature.';
COMMENT ON COLUMN sign_off.image_id IS 'Scan of the signature or the seal.';
COMMENT ON COLUMN sign_off.electronic IS
  'Signed by the person''s own command, not a scan.';
COMMENT ON COLUMN sign_off.content_hash IS
  'SHA-256 of what was signed; another content voids it.';

CALL business_shared('form_template');
CALL business_shared('form_question');
ALTER TABLE form_template
  ADD CHECK (jsonb_typeof(header_fields) = 'array'),
  ADD CHECK (jsonb_typeof(sections) = 'array'),
  ADD CHECK (jsonb_typeof(sign_blocks) = 'array'),
  ADD CHECK (valid_to >= valid_from);
ALTER TABLE form_question
  ADD CHECK (jsonb_typeof(choices) = 'array'),
  ADD CHECK (jsonb_typeof(responsible_lines) = 'array'),
  ADD CHECK (jsonb_typeof(sum_of) = 'array'),
  ADD CHECK (max_value >= min_value),
  ADD CONSTRAINT form_question_choices
    CHECK ((kind = 'choice') = (choices IS NOT NULL)),
  ADD CONSTRAINT form_question_problem
    CHECK (problem_when IN ('never', 'rule') OR kind IN ('yn', 'has_no')),
  ADD CONSTRAINT form_question_category
    CHECK (problem_when = 'never' OR category_code IS NOT NULL);

-- Whether an answer is a problem. Answers of yes and no are 1 and 0.
CREATE FUNCTION form_positive(problem_when text, kind text, answer jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(CASE problem_when WHEN 'yes' THEN answer = '1'
    WHEN 'no' THEN answer = '0' END, false)
    AND kind IN ('yn', 'has_no') $$;

-- What is wrong with one answer by itself; null if nothing.
CREATE FUNCTION form_fault(q form_question, answer jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE kind text := jsonb_typeof(answer);
BEGIN
  IF q.kind IN ('yn', 'has_no') THEN
    RETURN CASE WHEN answer NOT IN ('0', '1') THEN 'not_yes_no' END;
  ELSIF q.kind IN ('int', 'fen') THEN
    IF kind <> 'number' OR answer::numeric % 1 <> 0 THEN
      RETURN 'not_integer';
    END IF;
    RETURN CASE WHEN answer::numeric NOT BETWEEN
      coalesce(q.min_value, -9000000000000000) AND
      coalesce(q.max_value, 9000000000000000) THEN 'range' END;
  ELSIF kind <> 'string' OR char_length(answer #>> '{}') > 1000 THEN
    RETURN 'not_string';
  ELSIF q.kind = 'date' THEN
    IF answer #>> '{}' !~ '^\d{4}-\d\d-\d\d$' THEN
      RETURN 'not_a_date';
    END IF;
    BEGIN
      PERFORM (answer #>> '{}')::date;
    EXCEPTION WHEN datetime_field_overflow THEN
      RETURN 'not_a_date';
    END;
  ELSIF q.kind = 'choice' AND NOT EXISTS (SELECT
      FROM jsonb_array_elements(q.choices) c
      WHERE c->'value' = answer OR c = answer) THEN
    RETURN 'not_in_list';
  END IF;
  RETURN NULL;
END $$;

-- Questions that still need an answer before the survey is signed.
CREATE FUNCTION form_unanswered(template uuid, answers jsonb) RETURNS text[]
LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(q.qid ORDER BY q.seq), '{}') FROM form_question q
  WHERE q.template_id = template AND q.voided_at IS NULL
    AND coalesce(answers->q.qid, 'null') = 'null'
    AND (q.required IS TRUE OR answers->split_part(q.required_if, '=', 1)
      = to_jsonb(split_part(q.required_if, '=', 2)::int))
    AND NOT EXISTS (SELECT FROM form_question o
      WHERE o.template_id = template AND o.any_of = q.any_of
        AND o.voided_at IS NULL
        AND coalesce(answers->o.qid, 'null') <> 'null') $$;

-- Sections that hold a problem and say nothing about it (R-16).
CREATE FUNCTION form_unexplained(template uuid, answers jsonb, notes jsonb)
RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(DISTINCT q.section), '{}') FROM form_question q
  WHERE q.template_id = template AND q.voided_at IS NULL
    AND form_positive(q.problem_when, q.kind, answers->q.qid)
    AND btrim(coalesce(notes->>q.section, '')) = '' $$;

-- Answers that do not fit each other: noted, not refused.
CREATE FUNCTION form_warnings(template uuid, answers jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(w ORDER BY w->>'qid') FROM (
    SELECT jsonb_build_object('qid', q.qid, 'rule', 'not_above',
      'of', q.not_above) AS w FROM form_question q
    WHERE q.template_id = template AND q.voided_at IS NULL
      AND jsonb_typeof(answers->q.qid) = 'number'
      AND jsonb_typeof(answers->q.not_above) = 'number'
      AND (answers->q.qid)::numeric > (answers->q.not_above)::numeric
    UNION ALL
    SELECT jsonb_build_object('qid', q.qid, 'rule', 'sum_of', 'of', q.sum_of)
    FROM form_question q
    WHERE q.template_id = template AND q.voided_at IS NULL
      AND q.sum_of IS NOT NULL
      AND jsonb_typeof(answers->q.qid) = 'number'
      AND abs((answers->q.qid)::numeric - (SELECT coalesce(sum(CASE
        WHEN jsonb_typeof(answers->s.qid) = 'number'
        THEN (answers->s.qid)::numeric END), 0)
        FROM jsonb_array_elements_text(q.sum_of) s (qid))) > 100
  ) x $$;

-- The day by which what a form found is rectified.
CREATE FUNCTION form_due(action uuid) RETURNS date LANGUAGE sql STABLE AS $$
  SELECT coalesce(action_param(action, 'form_issue_due_on')::date,
    (SELECT max(end_on) FROM action_phase
     WHERE action_id = action AND kind = '整改')) $$;

-- Faults that only the database can see, in the words of the API: a list of
-- pointer, rule, code, zh, en. SQLSTATE TZ422 makes it the reply.
CREATE FUNCTION raise_faults(faults jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'TZ422', MESSAGE = 'invalid',
    DETAIL = faults::text;
END $$;

-- Every answer must be one of the form's questions and of its kind; what the
-- server computes of it is computed here, whoever writes.
CREATE FUNCTION form_response_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE faults jsonb; t form_template;
BEGIN
  SELECT * INTO t FROM form_template WHERE id = NEW.template_id;
  IF TG_OP = 'UPDATE' AND (OLD.answers, OLD.notes, OLD.header, OLD.surveyed_on,
      OLD.household_id, OLD.project_id) IS NOT DISTINCT FROM (NEW.answers,
      NEW.notes, NEW.header, NEW.surveyed_on, NEW.household_id,
      NEW.project_id) THEN
    NEW.answered := OLD.answered;
    NEW.positives := OLD.positives;
    NEW.warnings := OLD.warnings;
    NEW.content_hash := OLD.content_hash;
    RETURN NEW;
  END IF;
  SELECT jsonb_agg(jsonb_build_object('pointer', x.pointer, 'rule', 'R-16',
      'code', x.code, 'zh', x.zh, 'en', x.en) ORDER BY x.pointer)
  INTO faults FROM (
    SELECT '/answers/' || a.key AS pointer, coalesce(f.code,
      'unknown_question') AS code, coalesce(f.zh, '这份问卷没有这道题') AS zh,
      coalesce(f.en, 'is no question of this form') AS en
    FROM jsonb_each(coalesce(NEW.answers, '{}')) a LEFT JOIN form_question q
      ON q.template_id = NEW.template_id AND q.qid = a.key
      AND q.voided_at IS NULL
    LEFT JOIN (VALUES
      ('not_yes_no', '只能答 1（是、有）或 0（否、无）', 'must be 1 or 0'),
      ('not_integer', '只能是整数（金额以分计）',
       'must be an integer (money in 分)'),
      ('range', '超出允许的范围', 'is out of range'),
      ('not_string', '只能是 1000 字以内的文字',
       'must be a text of 1000 characters at most'),
      ('not_a_date', '日期写成 2023-04-06', 'a date is written 2023-04-06'),
      ('not_in_list', '不在选项之内', 'is not one of the choices'))
      AS f (code, zh, en) ON q.id IS NOT NULL
        AND f.code = form_fault(q, a.value)
    WHERE a.value <> 'null' AND (q.id IS NULL OR f.code IS NOT NULL)
    UNION ALL
    SELECT '/notes/' || n.key, 'unknown_section', '这份问卷没有这一事项',
      'is no section of this form'
    FROM jsonb_each(coalesce(NEW.notes, '{}')) n WHERE NOT EXISTS (SELECT
      FROM form_question q WHERE q.template_id = NEW.template_id
        AND q.section = n.key)
    UNION ALL
    SELECT '/household_id', 'subject', '入户问卷须指明农户，其他问卷不能指明',
      'a form of a household names it, no other does'
    WHERE (t.subject_kind = 'household') <> (NEW.household_id IS NOT NULL)
    UNION ALL
    SELECT '/project_id', 'subject', '项目问卷须指明项目，其他问卷不能指明',
      'a form of a project names it, no other does'
    WHERE (t.subject_kind = 'project') <> (NEW.project_id IS NOT NULL)
  ) x;
  IF faults IS NOT NULL THEN
    PERFORM raise_faults(faults);
  END IF;
  SELECT count(*), count(*) FILTER (WHERE form_positive(q.problem_when,
      q.kind, NEW.answers->q.qid))
    INTO NEW.answered, NEW.positives FROM form_question q
    WHERE q.template_id = NEW.template_id AND q.voided_at IS NULL
      AND coalesce(NEW.answers->q.qid, 'null') <> 'null';
  NEW.warnings := form_warnings(NEW.template_id, NEW.answers);
  NEW.content_hash := encode(sha256(convert_to(jsonb_build_array(
    NEW.template_id, NEW.household_id, NEW.project_id, NEW.surveyed_on,
    NEW.header, NEW.answers, NEW.notes)::text, 'UTF8')), 'hex');
  RETURN NEW;
END $$;
CREATE TRIGGER content BEFORE INSERT OR UPDATE ON form_response
  FOR EACH ROW EXECUTE FUNCTION form_response_check();

-- Whatever is signed no longer, when it changes.
CREATE FUNCTION sign_off_void() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE sign_off SET voided_at = now(),
    voided_by = app_actor(), void_reason = %L WHERE %I = $1
    AND voided_at IS NULL AND content_hash <> $2', '内容已改变', TG_ARGV[0])
    USING NEW.id, NEW.content_hash;
  RETURN NULL;
END $$;
CREATE TRIGGER signatures AFTER UPDATE ON form_response FOR EACH ROW
  WHEN (OLD.content_hash IS DISTINCT FROM NEW.content_hash)
  EXECUTE FUNCTION sign_off_void('response_id');

CREATE INDEX form_response_template ON form_response
  (template_id, division_code, state);
CREATE INDEX form_response_household ON form_response (household_id)
  WHERE household_id IS NOT NULL;
CREATE INDEX form_finding_issue ON form_finding (issue_id);

-- A signature is seen with what is signed, and stands under its content.
ALTER TABLE sign_off
  ADD CONSTRAINT sign_off_one
    CHECK (num_nonnulls(response_id, submission_id) = 1),
  ADD CONSTRAINT sign_off_image
    CHECK (electronic IS TRUE OR image_id IS NOT NULL),
  ADD CHECK (electronic IS NOT TRUE OR signer_name IS NOT NULL);
CREATE INDEX sign_off_response ON sign_off (response_id)
  WHERE response_id IS NOT NULL;
CREATE INDEX sign_off_submission ON sign_off (submission_id)
  WHERE submission_id IS NOT NULL;
CREATE FUNCTION sign_off_scope() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE p record;
BEGIN
  IF NEW.response_id IS NOT NULL THEN
    SELECT division_code, competent_line, sensitivity, content_hash INTO p
      FROM form_response WHERE id = NEW.response_id;
  ELSE
    SELECT division_code, competent_line, sensitivity, content_hash INTO p
      FROM report_submission WHERE id = NEW.submission_id;
  END IF;
  IF p IS NULL THEN
    PERFORM raise_faults(jsonb_build_array(jsonb_build_object('pointer',
      CASE WHEN NEW.response_id IS NULL THEN '/submission_id'
      ELSE '/response_id' END, 'rule', 'F20', 'code', 'needed',
      'zh', '请指明签在哪一份问卷或报送上',
      'en', 'name the form or the report that is signed')));
  END IF;
  NEW.division_code := p.division_code;
  NEW.competent_line := p.competent_line;
  NEW.sensitivity := greatest(NEW.sensitivity, p.sensitivity);
  NEW.content_hash := p.content_hash;
  RETURN NEW;
END $$;
CREATE TRIGGER owner BEFORE INSERT ON sign_off
  FOR EACH ROW EXECUTE FUNCTION sign_off_scope();
CREATE TRIGGER child_sign_off AFTER UPDATE ON form_response FOR EACH ROW
  WHEN ((OLD.division_code, OLD.competent_line, OLD.sensitivity)
    IS DISTINCT FROM (NEW.division_code, NEW.competent_line, NEW.sensitivity))
  EXECUTE FUNCTION child_scope('sign_off', 'response_id');

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('form_subject', 'household', '农户', 1),
  ('form_subject', 'village', '村', 2),
  ('form_subject', 'township', '乡镇', 3),
  ('form_subject', 'county', '县', 4),
  ('form_subject', 'project', '项目', 5),
  ('question_kind', 'yn', '是/否', 1),
  ('question_kind', 'has_no', '有/无', 2),
  ('question_kind', 'int', '整数', 3),
  ('question_kind', 'fen', '金额', 4),
  ('question_kind', 'text', '文字', 5),
  ('question_kind', 'date', '日期', 6),
  ('question_kind', 'choice', '单选', 7),
  ('problem_when', 'yes', '答“是”为问题', 1),
  ('problem_when', 'no', '答“否”为问题', 2),
  ('problem_when', 'never', '不作问题', 3),
  ('problem_when', 'rule', '按规则判断', 4),
  ('form_response_state', 'draft', '草稿', 1),
  ('form_response_state', 'surveyed', '已排查签字', 2),
  ('form_response_state', 'reviewed', '已审核签字', 3),
  ('form_response_state', 'filed', '已归档', 4),
  ('sign_kind', 'sign', '签字', 1),
  ('sign_kind', 'seal', '盖章', 2),
  ('sign_kind', 'party_doc', '党委文件', 3),
  ('sign_kind', 'joint', '联合行文', 4)
ON CONFLICT (set_code, code) DO NOTHING;

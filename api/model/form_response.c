/*
 * Answers to questionnaires and signatures (domain.md 3.3, 3.5.9, R-16).
 * Parameter of an action: form_issue_due_on, day by which what a form found
 * is rectified; without it the end of the phase 整改.
 */
#include "../base/err.h"
#include "chapters.h"
#include "form_chapter.h"

static const struct field form_response_fields[] = {
	{ "template_id", "问卷", "Form that was answered.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "form_template",
	    "3.5.9", NULL },
	{ "household_id", "农户", "Household it is about.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "household", "F30", NULL },
	{ "project_id", "项目", "Project it is about.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "3.3", NULL },
	{ "surveyed_on", "排查日期", "Day of the survey.", T_DATE,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "F30", NULL },
	{ "header", "表头", "What was filled into the header.", T_JSON,
	    PII(ANSWERS), 1, 0, 60, NULL, "F30", NULL },
	{ "answers", "答案", "Answers by the number of the question.", T_JSON,
	    PII(ANSWERS), 1, 0, 500, NULL, "R-16", NULL },
	{ "notes", "问题描述", "Descriptions of problems by section.", T_JSON,
	    PII(ANSWERS), 1, 0, 100, NULL, "R-16", NULL },
	{ "surveyors", "排查人员", "Who surveyed, as signed on paper.", T_TEXT,
	    PII(DUTY), 1, 0, 200, NULL, "F31", NULL },
	{ "geo", "定位", "Where it was filled: longitude and latitude.",
	    T_JSON, PII(LOCATION), 2, 0, 8, NULL, "F22", NULL },
	{ "answered", "已答题数", "Questions that are answered.", T_INT,
	    F_SERVER, 0, 0, 0, NULL, "R-16", NULL },
	{ "positives", "问题数", "Answers that are problems.", T_INT,
	    F_SERVER | F_FILTER | F_SORT, 0, 0, 0, NULL, "R-16", NULL },
	{ "warnings", "疑点", "Answers that do not fit each other, a list.",
	    T_JSON, F_SERVER, 2, 0, 0, NULL, "R-16", NULL },
	{ "content_hash", "内容摘要", "SHA-256 of header, answers and notes.",
	    T_TEXT, F_SERVER, 0, 64, 64, NULL, "F20", NULL },
	{ "state", "状态", "State of the lifecycle.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "form_response_state", "3.5.9",
	    NULL },
	{ "surveyed_by", "排查签字人", "Who signed the survey.", T_REF,
	    F_COMMAND, 0, 0, 0, "app_user", "3.5.9", NULL },
	{ "reviewed_by", "审核签字人", "Who signed the review.", T_REF,
	    F_COMMAND, 0, 0, 0, "app_user", "3.5.9", NULL },
	{ "reviewed_on", "审核日期", "Day of the review.", T_DATE, F_COMMAND,
	    0, 0, 0, NULL, "3.5.9", NULL },
	{ "filed_on", "归档日期", "Day it was filed.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.9", NULL },
	{ "filed_by", "归档人", "Who filed it.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "3.5.9", NULL },
};

/* A signature of the caller under the content as it stands. */
#define SIGN(block)                                                            \
	"INSERT INTO sign_off (id, response_id, block, kind, signer_name,"     \
	" signer_org, signed_on, electronic, content_hash, division_code,"     \
	" filing_level, competent_line, sensitivity) SELECT uuid7(), r.id, " \
	"'" block "', 'sign', u.name, o.name,"                                 \
	" (now() AT TIME ZONE 'Asia/Shanghai')::date, true, r.content_hash,"   \
	" r.division_code, r.filing_level, r.competent_line, r.sensitivity"    \
	" FROM r JOIN app_user u ON u.id = $2 LEFT JOIN org_unit o"            \
	" ON o.id = u.org_id"

/* The issues of the answers that are problems, each once for ever: an answer
 * that was corrected leaves its issue to be accepted or voided. */
#define FOUND                                                                  \
	", found AS MATERIALIZED (SELECT uuid7() AS issue_id, q.qid,"        \
	" q.text, coalesce(q.category_code, 'Y-6') AS category,"               \
	" coalesce(nullif(r.competent_line, ''), q.responsible_lines->>0, '')" \
	" AS line, r.notes->>q.section AS note, t.subject_kind, t.title"       \
	" FROM r JOIN form_template t ON t.id = r.template_id"                 \
	" JOIN form_question q ON q.template_id = t.id"                        \
	" WHERE form_positive(q.problem_when, q.kind, r.answers->q.qid)"       \
	" AND q.voided_at IS NULL AND NOT EXISTS (SELECT FROM form_finding f"  \
	" WHERE f.response_id = r.id AND f.qid = q.qid)),"                     \
	" made AS (INSERT INTO issue (id, category, subject_kind,"             \
	" household_id, project_id, village_code, description, d_basic,"       \
	" source, source_ref, found_on, due_on, division_code, action_id,"     \
	" filing_level, reporting_org_id, competent_line, sensitivity)"        \
	" SELECT f.issue_id, f.category, CASE WHEN f.subject_kind IN"          \
	" ('household', 'village', 'project') THEN f.subject_kind"             \
	" ELSE 'unit' END, r.household_id, r.project_id,"                      \
	" CASE WHEN r.division_code % 1000 <> 0 THEN r.division_code END,"     \
	" left(f.text || coalesce('：' || f.note, ''), 4000),"                 \
	" left(f.note, 4000), 'questionnaire', left(f.title || ' ' || f.qid,"  \
	" 200), r.surveyed_on, form_due(r.action_id), r.division_code,"        \
	" r.action_id, r.filing_level, r.reporting_org_id, f.line,"            \
	" r.sensitivity FROM r, found f)"                                      \
	" INSERT INTO form_finding (id, response_id, qid, issue_id,"           \
	" division_code, action_id, filing_level, competent_line,"             \
	" sensitivity) SELECT uuid7(), r.id, f.qid, f.issue_id,"             \
	" r.division_code, r.action_id, r.filing_level, r.competent_line,"     \
	" r.sensitivity FROM r, found f"

#define SURVEYORS                                                              \
	L("village_admin", "village_lead", "township_clerk", "township_lead",  \
	    "lead_bureau", "task_force", "helper", "resident_group")

static const struct move form_response_moves[] = {
	{ .name = "sign_survey",
		.label = "排查签字",
		.text = "Sign the survey: who surveys, signs and answers for it.",
		.from = L("draft"),
		.to = "surveyed",
		.need = L("surveyed_on", "answers"),
		.take = L("surveyors"),
		.who = SURVEYORS,
		.source = "F20",
		.effects = (const struct effect[]) { { "surveyed_by", "@me" },
			{ 0 } },
		.demands = (const struct demand[]) {
			{ .code = "unanswered",
				.sql = "form_unanswered(r.template_id,"
				       " r.answers) = '{}'",
				.zh = "还有必答题没有回答，请补全答案",
				.en = "Every question that must be answered "
				      "needs an answer." },
			{ .code = "no_note",
				.sql = "form_unexplained(r.template_id,"
				       " r.answers, r.notes) = '{}'",
				.zh = "有问题的事项须填写“问题描述”",
				.en = "A section with a problem needs a note." },
			{ 0 } },
		.also = L(SIGN("survey")) },
	{ .name = "sign_review",
		.label = "审核签字",
		.text = "Review the answers and sign them.",
		.from = L("surveyed"),
		.to = "reviewed",
		.who = L("village_lead", "township_clerk", "township_lead"),
		.source = "F31",
		.flags = M_OTHER,
		.effects = (const struct effect[]) { { "reviewed_by", "@me" },
			{ "reviewed_on", "@today" }, { 0 } },
		.demands = (const struct demand[]) {
			{ .code = "same_person",
				.sql = "r.surveyed_by IS DISTINCT FROM $2",
				.zh = "排查人和审核人不能是同一人",
				.en = "Another person than the surveyor must "
				      "review." },
			{ .code = "other_level",
				.sql = "EXISTS (SELECT FROM form_template t,"
				       " app_user u WHERE t.id = r.template_id"
				       " AND u.id = $2 AND (u.division_code %"
				       " 1000 = 0 OR t.subject_kind ="
				       " 'household'))",
				.zh = "村级问卷由乡镇人员审核",
				.en = "A form about a village is reviewed by "
				      "the township." },
			{ .code = "changed",
				.sql = "EXISTS (SELECT FROM sign_off s WHERE"
				       " s.response_id = r.id AND s.block ="
				       " 'survey' AND s.voided_at IS NULL AND"
				       " s.content_hash = r.content_hash)",
				.zh = "签字后内容已改变，须重新排查签字",
				.en = "The content changed after it was signed; "
				      "the survey must be signed again." },
			{ 0 } },
		.also = L(SIGN("review")) },
	{ .name = "file",
		.label = "归档",
		.text = "File the form; each problem in it becomes an issue.",
		.from = L("surveyed", "reviewed"),
		.to = "filed",
		.who = L("township_clerk", "lead_bureau", "task_force"),
		.source = "R-16",
		.effects = (const struct effect[]) { { "filed_on", "@today" },
			{ "filed_by", "@me" }, { 0 } },
		.demands = (const struct demand[]) {
			{ .code = "not_reviewed",
				.sql = "r.state = 'reviewed' OR EXISTS (SELECT"
				       " FROM form_template t WHERE t.id ="
				       " r.template_id AND"
				       " t.needs_review IS NOT TRUE)",
				.zh = "这种问卷须先审核签字",
				.en = "This form must be reviewed first." },
			{ 0 } },
		.also = L(FOUND) },
	{ .name = "edit",
		.label = "退回修改",
		.text = "Open the form again; its signatures are void.",
		.from = L("surveyed", "reviewed", "filed"),
		.to = "draft",
		.who = SURVEYORS,
		.source = "3.5.9",
		.flags = M_REASON,
		.effects = (const struct effect[]) { { "surveyed_by", NULL },
			{ "reviewed_by", NULL }, { "reviewed_on", NULL },
			{ "filed_on", NULL }, { "filed_by", NULL },
			{ 0 } },
		.demands = (const struct demand[]) {
			{ .code = "author",
				.sql = "r.created_by = $2 OR r.surveyed_by ="
				       " $2",
				.zh = "只有填表人或排查签字人可以退回修改",
				.en = "Only who filled or signed the survey may "
				      "open it again." },
			{ 0 } },
		.also = L(", gone AS (UPDATE sign_off s SET voided_at = now(),"
			  " voided_by = $2, void_reason = '退回修改'"
			  " FROM r WHERE s.response_id = r.id"
			  " AND s.voided_at IS NULL RETURNING 1)"
			  " SELECT count(*) FROM gone") },
};

const struct entity form_response_entity = { .name = "form_response",
	.path = "form-responses",
	.table = "form_response",
	.label = "问卷答卷",
	.text = "Answered forms, one row each, with their signatures.",
	.fields = form_response_fields,
	.nfields = COUNT(form_response_fields),
	.moves = form_response_moves,
	.nmoves = COUNT(form_response_moves),
	.state = "state",
	.initial = "draft",
	.ended = L("surveyed", "reviewed", "filed"),
	.group = "form",
	.action = ACTION_REQUIRED,
	.business = true };

static const struct field form_finding_fields[] = {
	{ "response_id", "答卷", "Response it came from.", T_REF,
	    F_SERVER | F_FILTER, 0, 0, 0, "form_response", "R-16", NULL },
	{ "qid", "题号", "Question whose answer is the problem.", T_TEXT,
	    F_SERVER | F_LABEL | F_FILTER, 0, 1, 12, NULL, "R-16", NULL },
	{ "issue_id", "问题", "Issue that was made of it.", T_REF,
	    F_SERVER | F_FILTER, 0, 0, 0, "issue", "R-16", NULL },
};

const struct entity form_finding_entity = { .name = "form_finding",
	.path = "form-findings",
	.table = "form_finding",
	.category = "issue_id",
	.label = "问卷发现问题",
	.text = "Which answer of which form became which issue.",
	.fields = form_finding_fields,
	.nfields = COUNT(form_finding_fields),
	.group = "form",
	.parent = "response_id",
	.key = L("response_id", "qid"),
	.action = ACTION_OPTIONAL,
	.append = true,
	.business = true };

static const struct field sign_off_fields[] = {
	{ "response_id", "答卷", "Form that is signed.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "form_response", "F20", NULL },
	{ "submission_id", "报送", "Report that is signed.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "report_submission", "F10", NULL },
	{ "block", "签字栏", "Which block of the form it fills.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 40, NULL, "F31", NULL },
	{ "kind", "方式", "Signature, seal, party document or joint document.",
	    T_CODE, F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "sign_kind",
	    "Y51", NULL },
	{ "signer_name", "签字人", "Who signed.", T_TEXT,
	    F_CREATE | PII(DUTY) | F_LABEL, 1, 0, 60, NULL, "F20", NULL },
	{ "signer_post", "职务", "Post of the signer.", T_TEXT, F_CREATE, 0, 0,
	    60, NULL, "F20", NULL },
	{ "signer_org", "签字单位",
	    "Organisation of the signer or of the seal.", T_TEXT, F_CREATE, 0,
	    0, 100, NULL, "Y51", NULL },
	{ "signed_on", "签字日期", "Day of the signature.", T_DATE,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, NULL, "F20", NULL },
	{ "image_id", "签字影像", "Scan of the signature or the seal.", T_REF,
	    F_CREATE | PII(SIGNATURE), 2, 0, 0, "attachment", "F20", NULL },
	{ "electronic", "本人签字",
	    "Signed by the person's own command, not a scan.", T_BOOL,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "F20", NULL },
	{ "content_hash", "内容摘要",
	    "SHA-256 of what was signed; another content voids it.", T_TEXT,
	    F_SERVER, 0, 64, 64, NULL, "F20", NULL },
};

static const struct refusal sign_off_refusals[] = {
	{ "sign_off_one", "response_id", "F20",
	    "请指明签在哪一份问卷或报送上，只能一份",
	    "or submission_id must be given, not both" },
	{ "sign_off_image", "image_id", "F20", "请上传签字或盖章影像",
	    "is needed: the scan of the signature or seal" },
	{ "sign_off_signer", "signer_name", "F20",
	    "电子签名须有签名人姓名",
	    "is needed for an electronic signature" },
	{ 0 },
};

const struct entity sign_off_entity = { .name = "sign_off",
	.path = "sign-offs",
	.table = "sign_off",
	.label = "签字盖章",
	.text = "Signatures and seals, each bound to the content it stands under.",
	.fields = sign_off_fields,
	.nfields = COUNT(sign_off_fields),
	.group = "attachment",
	.refusals = sign_off_refusals,
	.action = ACTION_OPTIONAL,
	.append = true,
	.business = true };

/*
 * Reports (报送): what is owed by whom and when, what was sent, and the
 * figures as they stood (domain.md 3.3, 3.5.10, R-14). Parameter of an
 * action: report_grace_days (8), days after its document by which what was
 * due before it is in time.
 */
#include "../base/err.h"
#include "chapters.h"
#include "check.h"
#include "report_chapter.h"

#define TODAY "(now() AT TIME ZONE 'Asia/Shanghai')::date"

static const struct field report_def_fields[] = {
	{ "code", "代码", "Code of the report, as D05.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 1, 20, NULL, "D05", NULL },
	{ "name", "名称", "Name of the report.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 200, NULL, "D05", NULL },
	{ "cycle", "周期", "How often it is due.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "report_cycle", "R-14", NULL },
	{ "due_rule", "期限规则",
	    "Days it is due on: weekday, days of the month, months, dates or "
	    "days after the period.", T_JSON, 0, 0, 0, 0, NULL, "R-14", NULL },
	{ "unit_level", "报送级别", "Level of the units that owe it.", T_CODE,
	    F_FILTER, 0, 0, 0, "division_level", "R-14", NULL },
	{ "units", "报送单位",
	    "Divisions that owe it, a list; all of the level if none.", T_JSON,
	    0, 0, 0, 0, NULL, "R-14", NULL },
	{ "template_code", "表样",
	    "Code of the ledger or layout it is printed with.", T_TEXT, 0, 0,
	    0, 40, NULL, "D05", NULL },
	{ "figures", "指标", "Computed figures: key, label and unit, a list.",
	    T_JSON, 0, 0, 0, 0, NULL, "R-26", NULL },
	{ "blocks", "文字部分", "Parts in words: key and title, a list.",
	    T_JSON, 0, 0, 0, 0, NULL, "Y42", NULL },
	{ "required_signs", "签章要求",
	    "Signatures and documents without which it is not sent.", T_CODES,
	    0, 0, 0, 0, "sign_kind", "F10", NULL },
	{ "source", "依据", "Document and clause it is owed by.", T_TEXT, 0, 0,
	    0, 200, NULL, "R-14", NULL },
	{ "valid_from", "起始", "First day of the first period.", T_DATE,
	    F_FILTER, 0, 0, 0, NULL, "R-14", NULL },
	{ "valid_to", "截止",
	    "Last day of the last period; none if it never ends.", T_DATE,
	    F_FILTER, 0, 0, 0, NULL, "R-14", NULL },
};

static const struct refusal report_def_refusals[] = {
	{ "report_def_valid", "valid_to", "R-14",
	    "截止不能早于起始", "is before the first day" },
	{ 0 },
};

const struct entity report_def_entity = { .name = "report_def",
	.path = "report-defs",
	.table = "report_def",
	.label = "报表定义",
	.text = "Reports that are owed: their cycle, units, figures and signs.",
	.fields = report_def_fields,
	.nfields = COUNT(report_def_fields),
	.refusals = report_def_refusals,
	.group = "template",
	.key = L("code"),
	.action = ACTION_OPTIONAL,
	.shared = true,
	.business = true };

static const struct field report_obligation_fields[] = {
	{ "def_id", "报表", "Report that is owed.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "report_def", "R-14",
	    NULL },
	{ "period", "期次", "Period it is owed for, as 2023-06 or 2023-W12.",
	    T_TEXT, F_REQUIRED | F_CREATE | F_LABEL | F_FILTER, 0, 1, 20, NULL,
	    "R-14", NULL },
	{ "period_from", "期初", "First day of the period.", T_DATE, 0, 0, 0,
	    0, NULL, "R-14", NULL },
	{ "period_to", "期末", "Last day of the period.", T_DATE, 0, 0, 0, 0,
	    NULL, "R-14", NULL },
	{ "due_on", "报送期限", "Last day it may be sent.", T_DATE,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "R-14", NULL },
	{ "retroactive", "追溯",
	    "Made after its day; late only after a grace.", T_BOOL, F_FILTER,
	    0, 0, 0, NULL, "R-24", NULL },
	{ "submission_id", "报送", "What was sent last.", T_REF, F_SERVER, 0,
	    0, 0, "report_submission", "3.3", NULL },
	{ "reported_on", "报送日期", "Day it was sent.", T_DATE,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "3.3", NULL },
	{ "marked_missing", "标记未报",
	    "Recorded as not reported, so that others may proceed.", T_BOOL,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.10", NULL },
	{ "marked_by", "标记人", "Who recorded it.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "3.5.10", NULL },
	{ "state", "状态", "Whether it was reported.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "report_obligation_state", "3.3",
	    NULL },
};

static const struct move report_obligation_moves[] = {
	{ .name = "mark_missing",
		.label = "标记未报",
		.text = "Record that it was not reported, to go on without it.",
		.from = L("not_reported", "returned"),
		.to = "not_reported",
		.who = L("lead_bureau", "task_force", "pref_task_force"),
		.source = "3.5.10",
		.flags = M_REASON,
		.effects = (const struct effect[]) { { "marked_missing", "t" },
			{ "marked_by", "@me" }, { 0 } } },
	{ .name = "exempt",
		.label = "免报",
		.text = "Release the unit from this report.",
		.from = L("not_reported", "returned"),
		.to = "exempt",
		.who = L("lead_bureau", "task_force", "pref_task_force"),
		.source = "3.3",
		.flags = M_REASON },
	{ .name = "demand",
		.label = "恢复应报",
		.text = "Ask for the report after all.",
		.from = L("exempt", "not_reported"),
		.to = "not_reported",
		.who = L("lead_bureau", "task_force", "pref_task_force"),
		.source = "3.3",
		.flags = M_REASON,
		.effects = (const struct effect[]) { { "marked_missing", NULL },
			{ "marked_by", NULL }, { 0 } } },
};

static const struct refusal report_obligation_refusals[] = {
	{ "report_obligation_period", "period_to", "R-14", "期末不能早于期初",
	    "is before the first day of the period" },
	{ "report_obligation_submission", "submission_id", "R-14",
	    "已报送的须指明是哪一份报送",
	    "is needed once it is reported" },
	{ 0 },
};

const struct entity report_obligation_entity = { .name = "report_obligation",
	.path = "report-obligations",
	.table = "report_obligation",
	.label = "报送任务",
	.text = "Reports owed by units for periods, and whether they came.",
	.fields = report_obligation_fields,
	.nfields = COUNT(report_obligation_fields),
	.moves = report_obligation_moves,
	.nmoves = COUNT(report_obligation_moves),
	.state = "state",
	.initial = "not_reported",
	.group = "report",
	.key = L("def_id", "period"),
	.refusals = report_obligation_refusals,
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field report_submission_fields[] = {
	{ "obligation_id", "报送任务", "What it answers.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "report_obligation",
	    "3.5.10", NULL },
	{ "title", "标题", "Title as printed.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_SEARCH, 0, 1, 200, NULL, "Y42", NULL },
	{ "content", "指标数据", "Figures by their key; fixed once sent.",
	    T_JSON, 0, 0, 0, 0, NULL, "R-26", NULL },
	{ "narrative", "文字报告", "Parts in words by their key.", T_JSON, 0,
	    0, 0, 0, NULL, "Y42", NULL },
	{ "file_id", "报送文件", "The document itself.", T_REF, 0, 0, 0, 0,
	    "attachment", "Y43", NULL },
	{ "doc_no", "文号", "Number of the unit's document.", T_TEXT, F_FILTER,
	    0, 0, 60, NULL, "F10", NULL },
	{ "filled_by", "填报人", "Who filled it in.", T_TEXT, PII(DUTY), 1, 0,
	    50, NULL, "Y51", NULL },
	{ "filler_phone", "联系电话", "Telephone of who filled it in.", T_TEXT,
	    PII(CONTACT), 2, 0, 40, NULL, "Y51", check_phone },
	{ "content_hash", "内容摘要", "SHA-256 of figures, words and title.",
	    T_TEXT, F_SERVER, 0, 64, 64, NULL, "F10", NULL },
	{ "submitted_on", "报送日期", "Day it was sent.", T_DATE,
	    F_COMMAND | F_FILTER | F_SORT, 0, 0, 0, NULL, "3.5.10", NULL },
	{ "submitted_by", "报送人", "Who sent it.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "3.5.10", NULL },
	{ "attempt", "报送次数", "How often it was sent.", T_INT, F_COMMAND, 0,
	    0, 0, NULL, "3.5.10", NULL },
	{ "reviewed_on", "审核日期", "Day it was reviewed.", T_DATE, F_COMMAND,
	    0, 0, 0, NULL, "3.5.10", NULL },
	{ "reviewed_by", "审核人", "Who reviewed it.", T_REF, F_COMMAND, 0, 0,
	    0, "app_user", "3.5.10", NULL },
	{ "review_opinion", "审核意见", "Opinion of the review.", T_TEXT,
	    F_COMMAND, 0, 0, 2000, NULL, "3.5.10", NULL },
	{ "consolidated_on", "汇总日期", "Day it went into the summary.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "3.5.10", NULL },
	{ "joint_doc_no", "联合行文文号",
	    "Number of the joint document it went up with.", T_TEXT, F_COMMAND,
	    0, 0, 60, NULL, "Y44", NULL },
	{ "sent_on", "上报日期", "Day it went up.", T_DATE, F_COMMAND, 0, 0, 0,
	    NULL, "3.5.10", NULL },
	{ "state", "状态", "State of the lifecycle.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "report_submission_state", "3.5.10",
	    NULL },
};

#define MANAGERS                                                               \
	L("lead_bureau", "task_force", "county_authority", "pref_dept",        \
	    "pref_task_force", "province")

/* What the report's definition asks for before it is sent (F10, Y51). */
#define NEEDS(kind, met, c, z, e)                                              \
	{ .code = c,                                                           \
		.sql = "NOT EXISTS (SELECT FROM report_obligation o"           \
		       " JOIN report_def d ON d.id = o.def_id WHERE o.id ="    \
		       " r.obligation_id AND '" kind "' ="                     \
		       " ANY (d.required_signs)) OR " met,                     \
		.zh = z, .en = e }
#define SIGNED(kind)                                                           \
	"EXISTS (SELECT FROM sign_off s WHERE s.submission_id = r.id"          \
	" AND s.kind = '" kind "' AND s.voided_at IS NULL"                     \
	" AND s.content_hash = r.content_hash)"

static const struct move report_submission_moves[] = {
	{ .name = "sign",
		.label = "签发",
		.text = "The head of the unit signs the report as it stands.",
		.from = L("open", "returned"),
		.to = "open",
		.who = L("village_lead", "township_lead", "dept_lead",
		    "lead_bureau", "county_authority", "pref_dept",
		    "pref_task_force"),
		.source = "F10",
		.demands = (const struct demand[]) {
			{ .code = "author",
				.sql = "r.created_by IS DISTINCT FROM $2",
				.zh = "填报人不能签发自己填的报告",
				.en = "Who filled it in does not sign it." },
			{ 0 } },
		.also = L("INSERT INTO sign_off (id, submission_id, block,"
			  " kind, signer_name, signer_org, signed_on,"
			  " electronic, content_hash, division_code,"
			  " filing_level, competent_line, sensitivity)"
			  " SELECT uuid7(), r.id, 'lead', 'sign', u.name,"
			  " o.name, " TODAY ", true, r.content_hash,"
			  " r.division_code, r.filing_level, r.competent_line,"
			  " r.sensitivity FROM r JOIN app_user u ON u.id = $2"
			  " LEFT JOIN org_unit o ON o.id = u.org_id") },
	{ .name = "submit",
		.label = "报送",
		.text = "Send the report; its figures are fixed.",
		.from = L("open", "returned"),
		.to = "submitted",
		.need = L("content"),
		.take = L("doc_no"),
		.who = L("village_admin", "village_lead", "township_clerk",
		    "township_lead", "dept_clerk", "dept_lead", "lead_bureau",
		    "task_force", "finance", "patrol_group", "pref_dept",
		    "pref_task_force", "resident_group", "war_zone",
		    "special_group", "evaluator"),
		.source = "3.5.10",
		.effects = (const struct effect[]) {
			{ "submitted_on", "@today" }, { "submitted_by", "@me" },
			{ "attempt", "@next" }, { 0 } },
		.demands = (const struct demand[]) {
			NEEDS("sign", SIGNED("sign"), "signature",
			    "须由单位主要领导签发后报送",
			    "The head of the unit must sign it first."),
			NEEDS("seal", SIGNED("seal"), "seal",
			    "须加盖公章：请上传盖章影像（sign-offs，kind=seal）",
			    "It needs the unit's seal: add a sign-off of kind "
			    "seal."),
			{ .code = "exempt",
				.sql = "EXISTS (SELECT FROM report_obligation o"
				       " WHERE o.id = r.obligation_id AND"
				       " o.state <> 'exempt')",
				.zh = "这项报送任务已免报",
				.en = "The unit was released from this report." },
			{ .code = "already_sent",
				.sql = "NOT EXISTS (SELECT FROM"
				       " report_submission s WHERE"
				       " s.obligation_id = r.obligation_id AND"
				       " s.id <> r.id AND s.voided_at IS NULL"
				       " AND s.state NOT IN ('open',"
				       " 'returned'))",
				.zh = "这项报送任务已有报送的报告，请先退回",
				.en = "Another report was sent for it: have "
				      "that returned first." },
			{ 0 } },
		.also = L(
		    "SELECT raise_faults('[{\"pointer\": \"/doc_no\","
		    " \"rule\": \"F10\", \"code\": \"needed\", \"zh\":"
		    " \"须以党委文件报送，请填写文号\", \"en\": \"It goes"
		    " up as a party document: give its number.\"}]')"
		    " FROM r JOIN report_obligation o ON o.id ="
		    " r.obligation_id JOIN report_def d ON d.id = o.def_id"
		    " WHERE 'party_doc' = ANY (d.required_signs)"
		    " AND r.doc_no IS NULL",
		    "UPDATE report_obligation o SET submission_id = r.id,"
		    " reported_on = r.submitted_on, marked_missing = NULL,"
		    " marked_by = NULL, state = CASE WHEN r.submitted_on >"
		    " greatest(o.due_on, CASE WHEN o.retroactive THEN"
		    " coalesce((SELECT a.doc_issued_on FROM action a WHERE"
		    " a.id = o.action_id), o.due_on)"
		    " + coalesce(action_param(o.action_id,"
		    " 'report_grace_days')::int, 8) END)"
		    " THEN 'late' ELSE 'reported' END"
		    " FROM r WHERE o.id = r.obligation_id",
		    "INSERT INTO report_snapshot (id, submission_id, attempt,"
		    " taken_at, content, narrative, sha256, division_code,"
		    " action_id, filing_level, competent_line, sensitivity)"
		    " SELECT uuid7(), r.id, r.attempt, now(), r.content,"
		    " r.narrative, r.content_hash, r.division_code,"
		    " r.action_id, r.filing_level, r.competent_line,"
		    " r.sensitivity FROM r") },
	{ .name = "review",
		.label = "审核通过",
		.text = "Accept the report of a unit below.",
		.from = L("submitted"),
		.to = "accepted",
		.take = L("review_opinion"),
		.who = L("@above", "lead_bureau", "task_force"),
		.source = "3.5.10",
		.flags = M_OTHER,
		.effects = (const struct effect[]) {
			{ "reviewed_on", "@today" }, { "reviewed_by", "@me" },
			{ 0 } },
		.demands = (const struct demand[]) {
			{ .code = "same_person",
				.sql = "r.submitted_by IS DISTINCT FROM $2",
				.zh = "报送人不能审核自己的报告",
				.en = "Who sent it does not review it." },
			{ .code = "own_report",
				.sql = "NOT EXISTS (SELECT FROM app_user u"
				       " WHERE u.id = $2 AND u.org_id ="
				       " r.reporting_org_id)",
				.zh = "本单位报送的报告由上一级审核",
				.en = "The level above reviews a report, not "
				      "who filed it." },
			{ .code = "period",
				.sql = "EXISTS (SELECT FROM report_obligation o"
				       " WHERE o.id = r.obligation_id AND"
				       " o.submission_id = r.id)",
				.zh = "本期报送任务对应的不是这份报告",
				.en = "The obligation of the period holds "
				      "another report." },
			{ 0 } } },
	{ .name = "return",
		.label = "退回",
		.text = "Send the report back with a reason.",
		.from = L("submitted", "accepted"),
		.to = "returned",
		.take = L("review_opinion"),
		.who = L("@above", "lead_bureau", "task_force"),
		.source = "3.5.10",
		.flags = M_REASON,
		.effects = (const struct effect[]) {
			{ "reviewed_on", "@today" }, { "reviewed_by", "@me" },
			{ 0 } },
		.also = L("UPDATE report_obligation o SET state = 'returned'"
			  " FROM r WHERE o.id = r.obligation_id") },
	{ .name = "consolidate",
		.label = "汇总",
		.text = "Take the report into the summary of all units.",
		.from = L("accepted"),
		.to = "consolidated",
		.who = MANAGERS,
		.source = "3.5.10",
		.effects = (const struct effect[]) {
			{ "consolidated_on", "@today" }, { 0 } },
		.demands = (const struct demand[]) {
			{ .code = "units_missing",
				.sql = "NOT EXISTS (SELECT FROM"
				       " report_obligation own"
				       " JOIN report_obligation o"
				       " ON o.def_id = own.def_id"
				       " AND o.period = own.period"
				       " AND o.voided_at IS NULL"
				       " AND o.state <> 'exempt'"
				       " AND o.marked_missing IS NOT TRUE"
				       " LEFT JOIN report_submission s"
				       " ON s.id = o.submission_id"
				       " WHERE own.id = r.obligation_id"
				       " AND coalesce(s.state, 'open') NOT IN"
				       " ('accepted', 'consolidated',"
				       " 'sent_up'))",
				.zh = "还有单位未报或未审核通过：请催报、审核，"
				      "或标记未报、免报",
				.en = "Every unit's report must be accepted, or "
				      "marked as missing, or exempt." },
			{ 0 } } },
	{ .name = "send",
		.label = "上报",
		.text = "Send it up with the joint document.",
		.from = L("consolidated"),
		.to = "sent_up",
		.need = L("joint_doc_no"),
		.take = L("joint_doc_no"),
		.who = MANAGERS,
		.source = "Y44",
		.effects = (const struct effect[]) { { "sent_on", "@today" },
			{ 0 } } },
};

static const struct refusal report_submission_refusals[] = {
	{ "row_kept", "voided_at", "3.5.10",
	    "已报送的报告须先退回才能作废",
	    "is not void once it is sent: have it returned" },
	{ "report_submission_submitted", "submitted_on", "Y44",
	    "已报送的须有报送日期",
	    "is needed once it is submitted" },
	{ "report_submission_doc", "joint_doc_no", "Y44",
	    "上报须有联合行文文号", "is needed to send it up" },
	{ 0 },
};

const struct entity report_submission_entity = { .name = "report_submission",
	.path = "report-submissions",
	.table = "report_submission",
	.label = "报送",
	.text = "Reports as sent: figures, words, signatures, reviews.",
	.fields = report_submission_fields,
	.nfields = COUNT(report_submission_fields),
	.refusals = report_submission_refusals,
	.moves = report_submission_moves,
	.nmoves = COUNT(report_submission_moves),
	.state = "state",
	.initial = "open",
	.ended = L("submitted", "accepted", "consolidated", "sent_up"),
	.group = "report",
	.parent = "obligation_id",
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field report_snapshot_fields[] = {
	{ "submission_id", "报送", "Report whose figures were fixed.", T_REF,
	    F_SERVER | F_FILTER, 0, 0, 0, "report_submission", "3.3", NULL },
	{ "attempt", "报送次数", "Which sending of it.", T_INT,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "3.3", NULL },
	{ "taken_at", "取数时间", "Moment the figures are of.", T_TIME,
	    F_SERVER | F_FILTER, 0, 0, 0, NULL, "3.3", NULL },
	{ "content", "指标数据", "Figures as they were sent.", T_JSON,
	    F_SERVER, 0, 0, 0, NULL, "R-26", NULL },
	{ "narrative", "文字报告", "Words as they were sent.", T_JSON,
	    F_SERVER, 0, 0, 0, NULL, "Y42", NULL },
	{ "sha256", "摘要", "SHA-256 of what was sent.", T_TEXT,
	    F_SERVER | F_LABEL | F_FILTER, 0, 64, 64, NULL, "3.3", NULL },
};

const struct entity report_snapshot_entity = { .name = "report_snapshot",
	.path = "report-snapshots",
	.table = "report_snapshot",
	.label = "报送底稿",
	.text = "Figures frozen when a report was sent; never changed.",
	.fields = report_snapshot_fields,
	.nfields = COUNT(report_snapshot_fields),
	.group = "report",
	.parent = "submission_id",
	.action = ACTION_OPTIONAL,
	.append = true,
	.business = true };

/*
 * Supervision orders (督办单): domain.md 3.3, 3.5.7. Parameter of an action:
 * order_escalate_days (7), days overdue after which an order is escalated.
 */
#include "../base/err.h"
#include "chapters.h"
#include "order_chapter.h"

#define TODAY "(now() AT TIME ZONE 'Asia/Shanghai')::date"

static const struct field supervision_order_fields[] = {
	{ "order_no", "督办单号", "Number of the order.", T_TEXT,
	    F_REQUIRED | F_LABEL | F_FILTER | F_SEARCH, 0, 1, 40, NULL, "B35",
	    NULL },
	{ "kind", "类型", "Kind of order.", T_CODE, F_REQUIRED | F_FILTER, 0,
	    0, 0, "order_kind", "B35", NULL },
	{ "issuer_org_id", "签发单位",
	    "Organisation that issues it; of who makes it if not given.",
	    T_REF, F_FILTER, 0, 0, 0, "org_unit", "B35", NULL },
	{ "target_org_id", "被督办单位", "Organisation that must act.", T_REF,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "org_unit", "B35", NULL },
	{ "target_person", "责任人", "Person to whom it is handed.", T_TEXT,
	    PII(DUTY), 1, 0, 100, NULL, "F15", NULL },
	{ "source", "来源", "How the matter was found.", T_CODE, F_FILTER, 0,
	    0, 0, "issue_source", "B35", NULL },
	{ "basis_visit_id", "依据巡查", "Visit in which it was found.", T_REF,
	    F_FILTER, 0, 0, 0, "patrol_visit", "B35", NULL },
	{ "content", "督办内容", "What shall be done.", T_TEXT,
	    F_REQUIRED | F_SEARCH, 0, 1, 4000, NULL, "B35", NULL },
	{ "issued_on", "下发日期", "Day of issue.", T_DATE,
	    F_COMMAND | F_FILTER | F_SORT, 0, 0, 0, NULL, "3.5.7", NULL },
	{ "issued_by", "签发人", "Who issued it.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "3.5.7", NULL },
	{ "reply_due_on", "回复时限", "Last day for the reply.", T_DATE,
	    F_REQUIRED | F_FILTER | F_SORT, 0, 0, 0, NULL, "B35", NULL },
	{ "received_on", "签收日期", "Day it was received.", T_DATE, F_COMMAND,
	    0, 0, 0, NULL, "3.5.7", NULL },
	{ "received_by", "签收人", "Who received it.", T_REF, F_COMMAND, 0, 0,
	    0, "app_user", "3.5.7", NULL },
	{ "reply", "回复内容", "What was done, as replied.", T_TEXT, F_COMMAND,
	    0, 0, 4000, NULL, "3.5.7", NULL },
	{ "replied_on", "回复日期", "Day of the reply.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.7", NULL },
	{ "replied_by", "回复人", "Who replied.", T_REF, F_COMMAND, 0, 0, 0,
	    "app_user", "3.5.7", NULL },
	{ "verdict", "核实结论", "What the check of the reply found.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "order_verdict", "X24", NULL },
	{ "verify_opinion", "核实意见", "Opinion of who checked the reply.",
	    T_TEXT, F_COMMAND, 0, 0, 2000, NULL, "3.5.7", NULL },
	{ "verified_on", "核实日期", "Day the reply was checked.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "3.5.7", NULL },
	{ "verified_by", "核实人", "Who checked the reply.", T_REF, F_COMMAND,
	    0, 0, 0, "app_user", "3.5.7", NULL },
	{ "escalated_on", "升级日期", "Day it was escalated.", T_DATE,
	    F_COMMAND | F_FILTER, 0, 0, 0, NULL, "3.5.7", NULL },
	{ "escalated_by", "升级人", "Who escalated it.", T_REF, F_COMMAND, 0,
	    0, 0, "app_user", "3.5.7", NULL },
	{ "escalated_to", "升级至", "To whom it was escalated.", T_TEXT,
	    F_COMMAND, 0, 0, 200, NULL, "3.5.7", NULL },
	{ "is_notified", "是否通报", "Whether a notice of criticism followed.",
	    T_BOOL, F_FILTER, 0, 0, 0, NULL, "B36", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, 0, 0, 0, 1000, NULL, "X24",
	    NULL },
	{ "state", "状态", "State of the lifecycle.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "supervision_order_state", "3.5.7",
	    NULL },
};

/* The county's order goes to people of the organisation, or of its township
 * or village; nobody else receives or answers it. */
#define TARGET                                                                 \
	{ .code = "target",                                                    \
		.sql = "EXISTS (SELECT FROM app_user u JOIN org_unit o"        \
		       " ON o.id = r.target_org_id WHERE u.id = $2"            \
		       " AND (u.org_id = o.id OR (o.level >= 4"                \
		       " AND u.division_code = o.division_code)))",            \
		.zh = "只有被督办单位的人员可以签收、回复",                  \
		.en = "Only people of the organisation it is addressed to "    \
		      "receive and answer it." }
#define ISSUER                                                                 \
	{ .code = "issuer",                                                    \
		.sql = "r.issuer_org_id IS NULL OR EXISTS (SELECT FROM"        \
		       " app_user u WHERE u.id = $2"                           \
		       " AND u.org_id = r.issuer_org_id)",                     \
		.zh = "只有签发单位的人员可以办理",                           \
		.en = "Only people of the issuing organisation may do this." }

#define ISSUERS                                                                \
	L("task_force", "lead_bureau", "dept_lead", "county_authority",        \
	    "war_zone", "special_group", "patrol_group", "pref_dept",          \
	    "pref_task_force", "province")
#define TARGETS                                                                \
	L("village_admin", "village_lead", "township_clerk", "township_lead",  \
	    "dept_clerk", "dept_lead", "lead_bureau", "task_force",            \
	    "operator_user")

static const struct move supervision_order_moves[] = {
	{ .name = "issue",
		.label = "签发",
		.text = "Issue the order to its addressee.",
		.from = L("draft"),
		.to = "issued",
		.need = L("target_org_id", "content", "reply_due_on"),
		.take = L("reply_due_on"),
		.who = ISSUERS,
		.source = "B35",
		.effects = (const struct effect[]) { { "issued_on", "@today" },
			{ "issued_by", "@me" }, { 0 } },
		.demands = (const struct demand[]) { ISSUER,
			{ 0 } } },
	{ .name = "receive",
		.label = "签收",
		.text = "Acknowledge the receipt of the order.",
		.from = L("issued"),
		.to = "received",
		.who = TARGETS,
		.source = "3.5.7",
		.effects = (const struct effect[]) {
			{ "received_on", "@today" }, { "received_by", "@me" },
			{ 0 } },
		.demands = (const struct demand[]) { TARGET,
			{ 0 } } },
	{ .name = "reply",
		.label = "回复",
		.text = "Reply what was done, with evidence.",
		.from = L("received", "escalated"),
		.to = "replied",
		.need = L("reply"),
		.take = L("reply"),
		.who = TARGETS,
		.source = "3.5.7",
		.flags = M_EVIDENCE,
		.effects = (const struct effect[]) { { "replied_on", "@today" },
			{ "replied_by", "@me" }, { 0 } },
		.demands = (const struct demand[]) { TARGET,
			{ 0 } } },
	{ .name = "verify_ok",
		.label = "核实办结",
		.text = "Find the reply true and close the order.",
		.from = L("replied"),
		.to = "closed",
		.need = L("verify_opinion"),
		.take = L("verify_opinion"),
		.who = ISSUERS,
		.source = "3.5.7",
		.flags = M_OTHER,
		.effects = (const struct effect[]) { { "verdict", "passed" },
			{ "verified_on", "@today" }, { "verified_by", "@me" },
			{ 0 } },
		.demands = (const struct demand[]) { ISSUER,
			{ .code = "open_issues",
				.sql = "NOT EXISTS (SELECT FROM order_subject s"
				       " JOIN issue i ON i.id = s.issue_id"
				       " WHERE s.order_id = r.id"
				       " AND s.voided_at IS NULL"
				       " AND i.state NOT IN ('completed',"
				       " 'accepted', 'closed', 'voided',"
				       " 'merged'))",
				.zh = "督办单所列问题尚未全部整改完成",
				.en = "The issues of the order must be "
				      "completed first." },
			{ .code = "not_replaced",
				.sql = "NOT EXISTS (SELECT FROM fund_replacement"
				       " f WHERE f.order_id = r.id"
				       " AND f.voided_at IS NULL"
				       " AND f.state NOT IN ('paid',"
				       " 'verified'))",
				.zh = "责令重新安排的资金尚未拨付到位",
				.en = "The funds of the order must be arranged "
				      "and paid first." },
			{ 0 } } },
	{ .name = "return",
		.label = "退回重办",
		.text = "Send the reply back with a reason and a new limit.",
		.from = L("replied"),
		.to = "received",
		.need = L("reply_due_on"),
		.take = L("reply_due_on", "verify_opinion"),
		.who = ISSUERS,
		.source = "3.5.7",
		.flags = M_REASON,
		.effects = (const struct effect[]) { { "verdict", "failed" },
			{ "verified_on", "@today" }, { "verified_by", "@me" },
			{ 0 } },
		.demands = (const struct demand[]) { ISSUER,
			{ 0 } } },
	{ .name = "escalate",
		.label = "升级督办",
		.text = "Take an order long overdue one level up.",
		.from = L("issued", "received"),
		.to = "escalated",
		.take = L("escalated_to"),
		.who = L("@above", "county_authority", "pref_task_force"),
		.source = "3.5.7",
		.flags = M_REASON,
		.effects = (const struct effect[]) {
			{ "escalated_on", "@today" }, { "escalated_by", "@me" },
			{ 0 } },
		.demands = (const struct demand[]) {
			{ .code = "not_overdue",
				.sql = "r.reply_due_on + coalesce(action_param("
				       "r.action_id, 'order_escalate_days')"
				       "::int, 7) < " TODAY,
				.zh = "回复逾期超过规定天数（默认 7 天）后才能升级",
				.en = "An order is escalated once its reply is "
				      "overdue by more than the days set." },
			{ 0 } } },
};

static const struct refusal supervision_order_refusals[] = {
	{ "supervision_order_issuer", "issuer_org_id", "B35",
	    "已签发的督办单只能由签发单位的人员更改或作废",
	    "is who alone changes what was issued, or makes it void" },
	{ "supervision_order_due", "reply_due_on", "3.5.7",
	    "回复时限不能早于签发日期", "is before the day of issue" },
	{ "supervision_order_again", "reply_due_on", "3.5.7",
	    "请给出不早于今天的新的回复时限", "must be a new limit, not past" },
	{ "supervision_order_issued", "issued_on", "3.5.7",
	    "已签发的督办单须有签发日期", "is needed once it is issued" },
	{ "supervision_order_received", "received_on", "3.5.7",
	    "签收日期不能早于签发日期", "is before the day of issue" },
	{ "supervision_order_replied", "replied_on", "3.5.7",
	    "回复日期不能早于签收日期", "is before the day of receipt" },
	{ "supervision_order_reply", "reply", "3.5.7",
	    "已回复的督办单须有回复内容", "is needed once it is replied to" },
	{ "supervision_order_verdict", "verify_opinion", "3.5.7",
	    "核实通过须填写核实意见", "is needed when it is verified" },
	{ 0 },
};

const struct entity supervision_order_entity = { .name = "supervision_order",
	.path = "supervision-orders",
	.table = "supervision_order",
	.label = "督办单",
	.text = "Orders that hand a matter to an organisation and await a reply.",
	.fields = supervision_order_fields,
	.nfields = COUNT(supervision_order_fields),
	.moves = supervision_order_moves,
	.nmoves = COUNT(supervision_order_moves),
	.state = "state",
	.initial = "draft",
	.ended = L("closed"),
	.group = "order",
	.key = L("order_no"),
	.refusals = supervision_order_refusals,
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field order_subject_fields[] = {
	{ "order_id", "督办单", "Order it belongs to.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "supervision_order",
	    "B35", NULL },
	{ "issue_id", "问题", "Issue the order is about.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "issue", "B35", NULL },
	{ "project_id", "项目", "Project the order is about.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "project", "B35", NULL },
	{ "note", "说明", "What of it is meant.", T_TEXT, F_LABEL, 0, 0, 500,
	    NULL, "B35", NULL },
};

static const struct refusal order_subject_refusals[] = {
	{ "order_subject_issuer", "order_id", "B35",
	    "已签发的督办单所列事项只能由签发单位的人员更改",
	    "was issued: only people of who issued it change what it is about" },
	{ "order_subject_one", "issue_id", "B35",
	    "请指明问题或项目其中之一", "or project_id must be given, not both" },
	{ "order_subject_issue", "issue_id", "B35", "这个问题已在该督办单中",
	    "is in the order already" },
	{ "order_subject_project", "project_id", "B35",
	    "这个项目已在该督办单中", "is in the order already" },
	{ 0 },
};

const struct entity order_subject_entity = { .name = "order_subject",
	.path = "order-subjects",
	.table = "order_subject",
	.label = "督办事项",
	.text = "Issues and projects a supervision order is about.",
	.fields = order_subject_fields,
	.nfields = COUNT(order_subject_fields),
	.group = "order",
	.parent = "order_id",
	.refusals = order_subject_refusals,
	.action = ACTION_OPTIONAL,
	.business = true };

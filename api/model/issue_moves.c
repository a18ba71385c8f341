/* The lifecycle of an issue as a table (domain.md 3.5.5, R-05). */
#include "../base/err.h"
#include "../issue_guard.h"
#include "chapters.h"

static const struct effect asked[] = {
	{ "submitted_on", "@today" },
	{ "submitted_by", "@me" },
	{ "attempt", "@next" },
	{ NULL, NULL },
};
static const struct effect fixed[] = {
	{ "rectify_mode", "immediate" },
	{ "is_completed", "t" },
	{ "submitted_on", "@today" },
	{ "submitted_by", "@me" },
	{ "attempt", "@next" },
	{ NULL, NULL },
};
static const struct effect accepted[] = {
	{ "accepted", "t" },
	{ "accepted_on", "@today" },
	{ "accepted_by", "@me" },
	{ "acceptor_org", "@org" },
	{ "self_verified", "f" },
	{ NULL, NULL },
};
static const struct effect rejected[] = {
	{ "is_completed", NULL },
	{ NULL, NULL },
};
static const struct effect closed[] = {
	{ "closed", "t" },
	{ "closed_on", "@today" },
	{ "closed_by", "@me" },
	{ NULL, NULL },
};
static const struct effect self_closed[] = {
	{ "self_verified", "t" },
	{ "accepted", "t" },
	{ "accepted_on", "@today" },
	{ "accepted_by", "@me" },
	{ "acceptor_org", "@org" },
	{ "closed", "t" },
	{ "closed_on", "@today" },
	{ "closed_by", "@me" },
	{ NULL, NULL },
};
static const struct effect voided[] = {
	{ "voided_at", "@now" },
	{ "voided_by", "@me" },
	{ "void_reason", "@reason" },
	{ NULL, NULL },
};
static const struct effect reopened[] = {
	{ "accepted", NULL },
	{ "accepted_on", NULL },
	{ "accepted_by", NULL },
	{ "acceptor_org", NULL },
	{ "self_verified", NULL },
	{ "closed", NULL },
	{ "closed_on", NULL },
	{ "closed_by", NULL },
	{ "is_completed", NULL },
	{ NULL, NULL },
};

/* The command's own record, of which these take the texts. */
#define GIVEN                                                                  \
	" FROM r JOIN command c ON c.entity = 'issue' AND c.row_id = r.id"     \
	" AND c.rev = r.rev"
#define PROGRESS(text)                                                         \
	"INSERT INTO issue_progress (id, issue_id, noted_on, text,"            \
	" division_code) SELECT uuid7(), r.id,"                                \
	" (now() AT TIME ZONE 'Asia/Shanghai')::date, " text                   \
	", r.division_code" GIVEN " WHERE " text " IS NOT NULL"
#define NOTED PROGRESS("coalesce(c.note, c.reason)")
/* An attempt at acceptance, and how it ended. */
#define VERDICT(result)                                                        \
	"INSERT INTO issue_acceptance (id, issue_id, attempt, command, result,"\
	" opinion, requested_on, requested_by, self_verified, division_code)"  \
	" SELECT uuid7(), r.id, r.attempt, c.command, '" result "',"           \
	" coalesce(c.opinion, c.reason), r.submitted_on, r.submitted_by,"      \
	" coalesce(r.self_verified, false), r.division_code" GIVEN

/* an issue is done when all that hangs on it is. */
#define TASKS_DONE                                                             \
	{ .code = "open_tasks",                                                \
	    .sql = "NOT EXISTS (SELECT FROM rectification_task t"              \
		   " WHERE t.issue_id = r.id AND t.voided_at IS NULL"          \
		   " AND t.state IN ('open', 'doing'))",                       \
	    .zh = "这个问题还有整改任务没有完成",                              \
	    .en = "The tasks of the issue must be done first." }
static const struct demand tasks_done[] = {
	TASKS_DONE,
	{ 0 },
};
static const struct demand orders_closed[] = {
	{ .code = "open_orders",
	    .sql = "NOT EXISTS (SELECT FROM order_subject s"
		   " JOIN supervision_order o ON o.id = s.order_id"
		   " WHERE s.issue_id = r.id AND s.voided_at IS NULL"
		   " AND o.voided_at IS NULL"
		   " AND o.state NOT IN ('draft', 'closed'))",
	    .zh = "列有这个问题的督办单尚未办结",
	    .en = "The supervision orders of the issue must be closed first." },
	TASKS_DONE,
	{ 0 },
};

/* Entries with @ are relations to the row, decided in issue_guard.c. */
const struct move issue_moves[] = {
	{ .name = "assign",
	    .label = "交办",
	    .text = "Hand the issue to those who rectify it.",
	    .from = L("found"),
	    .to = "assigned",
	    .need = L("category", "description", "responsible_subject_kind",
		"responsible_org", "person_name", "leader_name", "due_on"),
	    .take = L("responsible_subject_kind", "responsible_org",
		"responsible_org_id", "leader_name", "leader_phone",
		"person_name", "person_contact", "competent_org_id",
		"competent_line", "task_force", "due_on"),
	    .who = L("township_clerk", "township_lead", "lead_bureau",
		"task_force"),
	    .guard = guard_due,
	    .also = L(NOTED),
	    .source = "Y34" },
	{ .name = "plan",
	    .label = "定方案",
	    .text = "Lay down cause, goal, measures and mode.",
	    .from = L("assigned"),
	    .to = "planned",
	    .need = L("cause", "goal", "measures", "rectify_mode",
		"task_force"),
	    .take = L("cause", "goal", "measures", "rectify_mode",
		"task_force", "due_on"),
	    .who = L("@responsible"),
	    .guard = guard_due,
	    .also = L(NOTED),
	    .source = "Y34" },
	{ .name = "start",
	    .label = "开始整改",
	    .text = "Begin to rectify.",
	    .from = L("planned"),
	    .to = "rectifying",
	    .who = L("@responsible"),
	    .also = L(NOTED),
	    .source = "3.5.5" },
	{ .name = "fix_on_spot",
	    .label = "立行立改",
	    .text = "Rectify at once what can be.",
	    .from = L("found", "assigned"),
	    .to = "completed",
	    .need = L("measures", "progress_text", "goal"),
	    .take = L("goal", "measures", "progress_text", "rectify_mode"),
	    .who = L("@responsible"),
	    .guard = guard_on_spot,
	    .effects = fixed,
	    .also = L(NOTED),
	    .source = "Y36" },
	{ .name = "complete",
	    .label = "申请验收",
	    .text = "Report it done and ask for acceptance.",
	    .from = L("rectifying"),
	    .to = "completed",
	    .need = L("progress_text"),
	    .take = L("progress_text", "is_completed"),
	    .who = L("@responsible"),
	    .guard = guard_complete,
	    .demands = tasks_done,
	    .flags = M_EVIDENCE,
	    .effects = asked,
	    .also = L(PROGRESS(
		"coalesce(c.note, c.reason, r.progress_text)")),
	    .source = "Y38" },
	{ .name = "accept",
	    .label = "验收",
	    .text = "Verify that the goal is reached.",
	    .from = L("completed"),
	    .to = "accepted",
	    .need = L("goal"),
	    .who = L("@acceptor"),
	    .guard = guard_accept,
	    .flags = M_EVIDENCE,
	    .effects = accepted,
	    .also = L(VERDICT("passed"), PROGRESS("c.note")),
	    .source = "R-05" },
	{ .name = "reject",
	    .label = "退回整改",
	    .text = "Send it back with an opinion and a new limit.",
	    .from = L("completed"),
	    .to = "rectifying",
	    .need = L("due_on"),
	    .take = L("due_on"),
	    .who = L("@acceptor"),
	    .guard = guard_reject,
	    .effects = rejected,
	    .also = L(VERDICT("failed"), PROGRESS("c.note")),
	    .source = "Y39" },
	{ .name = "close",
	    .label = "销号",
	    .text = "Close what was accepted.",
	    .from = L("accepted"),
	    .to = "closed",
	    .who = L("@acceptor"),
	    .demands = orders_closed,
	    .effects = closed,
	    .also = L(VERDICT("closed"), PROGRESS("c.note")),
	    .source = "Y57" },
	{ .name = "self_close",
	    .label = "自核自销",
	    .text = "Verify and close an issue of one's own department.",
	    .from = L("completed"),
	    .to = "closed",
	    .need = L("goal"),
	    .who = L("@self"),
	    .guard = guard_accept,
	    .demands = orders_closed,
	    .flags = M_EVIDENCE,
	    .effects = self_closed,
	    .also = L(VERDICT("passed"), PROGRESS("c.note")),
	    .source = "Y40" },
	{ .name = "suspend",
	    .label = "转长期坚持",
	    .text = "Keep a lasting rectification under review.",
	    .from = L("rectifying"),
	    .to = "suspended",
	    .need = L("next_review_on"),
	    .take = L("next_review_on", "due_on"),
	    .who = L("county_authority"),
	    .guard = guard_suspend,
	    .also = L(NOTED),
	    .source = "3.5.5" },
	{ .name = "void",
	    .label = "作废",
	    .text = "Withdraw an issue reported by mistake.",
	    .to = "voided",
	    .who = L("@above"),
	    .flags = M_REASON,
	    .effects = voided,
	    .also = L(NOTED),
	    .source = "3.5.5" },
	{ .name = "merge",
	    .label = "合并",
	    .text = "Merge a duplicate into another issue.",
	    .to = "merged",
	    .need = L("merged_into_id"),
	    .take = L("merged_into_id"),
	    .who = L("task_force", "lead_bureau"),
	    .guard = guard_merge,
	    .also = L(NOTED),
	    .source = "Y13" },
	{ .name = "reopen",
	    .label = "重新整改",
	    .text = "Take up again what was closed.",
	    .from = L("closed", "suspended"),
	    .to = "rectifying",
	    .who = L("lead_bureau", "task_force", "county_authority",
		"pref_dept"),
	    .flags = M_REASON,
	    .effects = reopened,
	    .also = L(VERDICT("reopened"), PROGRESS("c.note")),
	    .source = "3.5.5" },
};
const size_t nissue_moves = COUNT(issue_moves);

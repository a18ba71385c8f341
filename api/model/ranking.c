/*
 * Rankings (排名) and what follows for next year's funds. Parameters of
 * an action: ranking_min_units (6), ranking_amounts ([300,200,100], 万元, the
 * first gets the most and the last gives it, and so on inwards).
 */
#include "../base/err.h"
#include "chapters.h"
#include "report_chapter.h"

static const struct field ranking_run_fields[] = {
	{ "scheme", "方案",
	    "Weekly ranking, or the yearly one that moves funds.", T_CODE,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "ranking_scheme",
	    "R-12", NULL },
	{ "period", "期次", "Period it ranks, as 2025 or 2022-W30.", T_TEXT,
	    F_REQUIRED | F_CREATE | F_LABEL | F_FILTER, 0, 4, 20, NULL, "R-12",
	    NULL },
	{ "title", "标题", "Title as printed.", T_TEXT, F_SEARCH, 0, 0, 200,
	    NULL, "X30", NULL },
	{ "year_next", "调整年度", "Year whose funds are adjusted.", T_INT,
	    F_FILTER, 0, 2000, 2100, NULL, "R-12", NULL },
	{ "units", "单位数", "How many units were ranked.", T_INT, F_COMMAND,
	    0, 0, 0, NULL, "R-12", NULL },
	{ "computed_on", "计算日期", "Day it was computed.", T_DATE, F_COMMAND,
	    0, 0, 0, NULL, "R-12", NULL },
	{ "published_on", "公布日期", "Day it was published.", T_DATE,
	    F_COMMAND | F_FILTER | F_SORT, 0, 0, 0, NULL, "R-12", NULL },
	{ "objection_until", "异议截止", "Last day for objections.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "R-12", NULL },
	{ "objections", "异议处理", "Objections and how they were settled.",
	    T_TEXT, F_COMMAND, 0, 0, 2000, NULL, "R-12", NULL },
	{ "doc_no", "文号", "Document that adjusts the funds.", T_TEXT,
	    F_COMMAND, 0, 0, 60, NULL, "R-12", NULL },
	{ "applied_on", "应用日期", "Day the adjustment was applied.", T_DATE,
	    F_COMMAND, 0, 0, 0, NULL, "R-12", NULL },
	{ "state", "状态", "State of the ranking.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "ranking_run_state", "R-12", NULL },
};

#define OF_RUN                                                                 \
	" FROM ranking_item i WHERE i.run_id = r.id AND i.voided_at IS NULL"
#define ORDER_OF                                                               \
	" (ORDER BY i.score DESC, i.spend_rate_bp DESC NULLS LAST,"            \
	" i.closure_rate_bp DESC NULLS LAST, i.tie_decision NULLS LAST)"
#define AMOUNTS                                                                \
	"coalesce(action_param(r.action_id, 'ranking_amounts'),"               \
	" '[300,200,100]')::jsonb"
#define COUNTY L("lead_bureau", "task_force", "county_authority",              \
	    "pref_dept", "pref_task_force")
#define DECIDERS L("county_authority", "pref_task_force", "pref_dept",         \
	    "province")
#define NO_DEMAND { 0 }

static const struct move ranking_run_moves[] = {
	{ .name = "compute",
		.label = "计算排名",
		.text = "Rank the units by score, ties as R-12 says.",
		.from = L("draft", "computed"),
		.to = "computed",
		.who = COUNTY,
		.source = "R-12",
		.effects = (const struct effect[]) {
			{ "computed_on", "@today" }, { 0 } },
		.demands = (const struct demand[]) {
			{ .code = "too_few",
				.sql = "(SELECT count(*)" OF_RUN ") >="
				       " coalesce(action_param(r.action_id,"
				       " 'ranking_min_units')::int, 6)",
				.zh = "参加排名的单位不足（默认至少 6 个）",
				.en = "Too few units to rank." },
			{ .code = "scores",
				.sql = "NOT EXISTS (SELECT" OF_RUN
				       " AND i.score IS NULL)",
				.zh = "还有单位没有得分",
				.en = "Every unit needs its score." },
			{ .code = "tie",
				.sql = "NOT EXISTS (SELECT" OF_RUN " GROUP BY"
				       " i.score, i.spend_rate_bp,"
				       " i.closure_rate_bp, i.tie_decision"
				       " HAVING count(*) > 1)",
				.zh = "得分、支出进度和销号率都相同，"
				      "须填写人工裁定次序",
				.en = "Units that tie in everything need a "
				      "decision: tie_decision." },
			NO_DEMAND },
		.also = L("UPDATE ranking_item t SET rank = x.rank,"
			  " adjustment_fen = NULL FROM (SELECT i.id,"
			  " row_number() OVER" ORDER_OF " AS rank FROM r,"
			  " ranking_item i WHERE i.run_id = r.id"
			  " AND i.voided_at IS NULL) x WHERE t.id = x.id",
		    "UPDATE ranking_run u SET units = (SELECT count(*)" OF_RUN
		    ") FROM r WHERE u.id = r.id") },
	{ .name = "revise",
		.label = "退回修改",
		.text = "Take the ranking back to correct scores.",
		.from = L("computed", "published", "objections_closed"),
		.to = "draft",
		.who = COUNTY,
		.source = "R-12",
		.flags = M_REASON,
		.effects = (const struct effect[]) { { "computed_on", NULL },
			{ "published_on", NULL }, { "objection_until", NULL },
			{ 0 } } },
	{ .name = "publish",
		.label = "公布",
		.text = "Publish the ranking; objections may be raised.",
		.from = L("computed"),
		.to = "published",
		.take = L("objection_until"),
		.who = COUNTY,
		.source = "R-12",
		.flags = M_OTHER,
		.effects = (const struct effect[]) {
			{ "published_on", "@today" }, { 0 } } },
	{ .name = "close_objections",
		.label = "异议处理完毕",
		.text = "Record that objections are settled.",
		.from = L("published"),
		.to = "objections_closed",
		.need = L("objections"),
		.take = L("objections"),
		.who = COUNTY,
		.source = "R-12",
		.demands = (const struct demand[]) {
			{ .code = "objection_open",
				.sql = "coalesce(r.objection_until,"
				       " r.published_on) <= (now() AT TIME"
				       " ZONE 'Asia/Shanghai')::date",
				.zh = "异议期未满",
				.en = "The time for objections is not over." },
			NO_DEMAND } },
	{ .name = "adjust",
		.label = "确定调整金额",
		.text = "Pair the last units with the first and move the "
			"amounts.",
		.from = L("objections_closed"),
		.to = "adjusted",
		.need = L("year_next"),
		.who = DECIDERS,
		.source = "G16",
		.demands = (const struct demand[]) {
			{ .code = "no_funds",
				.sql = "r.scheme = 'annual'",
				.zh = "只有年度绩效排名才调整资金",
				.en = "Only the yearly ranking moves funds." },
			{ .code = "pairs",
				.sql = "2 * jsonb_array_length(" AMOUNTS ") <="
				       " (SELECT count(*)" OF_RUN ")",
				.zh = "单位数少于奖补名次的两倍，无法配对",
				.en = "There are too few units for the "
				      "amounts." },
			NO_DEMAND },
		.also = L("UPDATE ranking_item t SET adjustment_fen ="
			  " x.wan * 1000000 FROM (SELECT i.id, coalesce(("
			  AMOUNTS "->>(i.rank - 1))::bigint, -(" AMOUNTS
			  "->>(r.units - i.rank))::bigint, 0) AS wan FROM r,"
			  " ranking_item i WHERE i.run_id = r.id"
			  " AND i.voided_at IS NULL) x WHERE t.id = x.id") },
	{ .name = "apply",
		.label = "应用到下年度资金",
		.text = "Apply the adjustments to next year's funds.",
		.from = L("adjusted"),
		.to = "applied",
		.need = L("doc_no"),
		.take = L("doc_no"),
		.who = DECIDERS,
		.source = "R-12",
		.effects = (const struct effect[]) {
			{ "applied_on", "@today" }, { 0 } },
		.demands = (const struct demand[]) {
			{ .code = "unbalanced",
				.sql = "(SELECT sum(i.adjustment_fen)" OF_RUN
				       ") = 0",
				.zh = "增减金额合计不为零，须重新确定",
				.en = "What is given and taken must balance." },
			NO_DEMAND },
		.also = L("INSERT INTO fund_adjustment (id, run_id, org_id,"
			  " year_next, amount_fen, cause, doc_no,"
			  " division_code, action_id, filing_level,"
			  " competent_line, sensitivity) SELECT uuid7(), r.id,"
			  " i.org_id, r.year_next, i.adjustment_fen,"
			  " '绩效评价' || r.period || '排名第' || i.rank ||"
			  " '名', r.doc_no, i.ranked_code, r.action_id,"
			  " r.filing_level, r.competent_line, r.sensitivity"
			  " FROM r, ranking_item i WHERE i.run_id = r.id"
			  " AND i.voided_at IS NULL"
			  " AND i.adjustment_fen <> 0") },
};

static const struct refusal ranking_run_refusals[] = {
	{ "row_kept", "voided_at", "R-12",
	    "已公布的排名不能作废，请先退回修改",
	    "is not made void once published: revise it first" },
	{ "ranking_run_objection", "objection_until", "3.5",
	    "异议截止不能早于公布日期",
	    "is before the day of publication" },
	{ "ranking_run_doc", "doc_no", "3.5",
	    "已应用的排名须有文号",
	    "is needed once it is applied" },
	{ 0 },
};

const struct entity ranking_run_entity = { .name = "ranking_run",
	.path = "ranking-runs",
	.table = "ranking_run",
	.label = "排名",
	.text = "Rankings of units by a scheme for a period.",
	.fields = ranking_run_fields,
	.nfields = COUNT(ranking_run_fields),
	.refusals = ranking_run_refusals,
	.moves = ranking_run_moves,
	.nmoves = COUNT(ranking_run_moves),
	.state = "state",
	.initial = "draft",
	.ended = L("adjusted", "applied"),
	.group = "indicator",
	.key = L("scheme", "period"),
	.action = ACTION_OPTIONAL,
	.business = true };

static const struct field ranking_item_fields[] = {
	{ "run_id", "排名", "Ranking it belongs to.", T_REF,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, "ranking_run", "X30",
	    NULL },
	{ "ranked_code", "单位区划", "Division that is ranked.", T_DIVISION,
	    F_REQUIRED | F_CREATE | F_FILTER, 0, 0, 0, NULL, "X30", NULL },
	{ "org_id", "单位",
	    "Organisation that is ranked, if not the division itself.", T_REF,
	    F_CREATE | F_FILTER, 0, 0, 0, "org_unit", "X30", NULL },
	{ "score", "得分", "Score.", T_DECIMAL, 0, 0, 0, 0, NULL, "X30", NULL },
	{ "survey_rate_bp", "排查完成率", "Share of the survey that is done.",
	    T_RATIO, 0, 0, 0, 10000, NULL, "X30", NULL },
	{ "rectify_rate_bp", "整改率", "Share of issues that are completed.",
	    T_RATIO, 0, 0, 0, 10000, NULL, "X30", NULL },
	{ "closure_rate_bp", "销号率",
	    "Share of issues that are closed; second tie break.", T_RATIO, 0,
	    0, 0, 10000, NULL, "X30", NULL },
	{ "spend_rate_bp", "支出进度",
	    "Share of funds spent at the year's end; first tie break.",
	    T_RATIO, 0, 0, 0, 100000, NULL, "R-12", NULL },
	{ "overdue_count", "超期数", "How many duties are overdue.", T_INT, 0,
	    0, 0, 1000000, NULL, "X30", NULL },
	{ "tie_decision", "人工裁定次序",
	    "Order decided by hand when all else ties.", T_INT, 0, 0, 1, 999,
	    NULL, "R-12", NULL },
	{ "rank", "名次", "Place in the ranking.", T_INT,
	    F_SERVER | F_FILTER | F_SORT, 0, 0, 0, NULL, "X30", NULL },
	{ "adjustment_fen", "资金调整", "What next year's funds gain or lose.",
	    T_MONEY, F_SERVER | F_FILTER, 0, 0, 0, NULL, "R-12", NULL },
	{ "remark", "备注", "Remark.", T_TEXT, F_LABEL, 0, 0, 500, NULL, "X30",
	    NULL },
};

/* A run that is published stands: its items are changed before it only. */
const struct entity ranking_item_entity = { .name = "ranking_item",
	.path = "ranking-items",
	.table = "ranking_item",
	.label = "排名明细",
	.text = "Units of a ranking: score, place, adjustment.",
	.fields = ranking_item_fields,
	.nfields = COUNT(ranking_item_fields),
	.group = "indicator",
	.parent = "run_id",
	.key = L("run_id", "ranked_code", "org_id"),
	.action = ACTION_OPTIONAL,
	.business = true };

/* The disposal half of an asset's life (domain.md 3.5.8, G35, G38). */
#include "../base/err.h"
#include "chapters.h"
#include "demand.h"
#include "asset_chapter.h"

#define ASSET(condition) \
	"EXISTS (SELECT FROM asset a WHERE a.id = r.asset_id AND (" \
	condition "))"
#define ASSET_BECOMES(value) \
	"UPDATE asset a SET state = " value " FROM r WHERE a.id = r.asset_id"
#define COLLECTIVE "a.owner_kind IN ('township_coll', 'village_coll')"

static const struct demand propose_demands[] = {
	{ "asset_state", ASSET("a.state IN ('in_use', 'inefficient',"
	    " 'idle')"),
	    "只有在用、低效或闲置的资产可以申请处置",
	    "Only an asset in use, inefficient or idle can be disposed of." },
	{ "no_appraisal", "(r.appraised_fen IS NOT NULL"
	    " AND r.appraisal_file_id IS NOT NULL) OR "
	    ASSET("a.asset_type <> 'operating'"),
	    "经营性资产处置须先评估并附评估报告",
	    "An operating asset must be appraised first." },
	{ "owner_role", ASSET(OWNER_ACTS("a")), OWNER_ZH, OWNER_EN },
	{ 0 },
};
static const struct demand decide_demands[] = {
	{ "four_two", ASSET("NOT " COLLECTIVE) " OR"
	    " r.decision_kind = 'four_two'"
	    " AND num_nulls(r.proposal_file_id, r.committee_file_id,"
	    " r.party_file_id, r.assembly_file_id,"
	    " r.resolution_notice_file_id, r.result_notice_file_id) = 0",
	    "集体资产须按“四议两公开”决策，六项材料齐全",
	    "A collective asset needs the six papers of its procedure." },
	{ "finance_procedure", ASSET("a.owner_kind <> 'state'") " OR"
	    " r.decision_kind = 'state_asset'"
	    " AND r.finance_file_id IS NOT NULL",
	    "国有资产须履行国资审批程序并附材料",
	    "A state asset needs the finance procedure and its papers." },
	{ "owner_role", ASSET(OWNER_ACTS("a")), OWNER_ZH, OWNER_EN },
	{ 0 },
};
#define APPROVES ASSET("CASE WHEN a.owner_kind = 'state' THEN " \
	HOLDS("'finance'") " WHEN " COLLECTIVE \
	" OR a.owner_kind = 'household' THEN " HOLDS("'township_lead'") \
	" ELSE " HOLDS("'dept_lead', 'lead_bureau'") " END")
#define APPROVES_ZH \
	"国有资产由财政部门批准，集体和到户资产由乡镇批准，其他由主管部门批准"
#define APPROVES_EN \
	"State assets are approved by the treasury, collective ones by the " \
	"township, others by the department."
static const struct demand approve_demands[] = {
	{ "approver", APPROVES, APPROVES_ZH, APPROVES_EN },
	{ "proposer", "NOT EXISTS (SELECT FROM command c"
	    " WHERE c.entity = 'asset_disposal' AND c.row_id = r.id"
	    " AND c.command = 'propose' AND c.by = $2::uuid)",
	    "批准人不能是申请人", "The approver must not be the proposer." },
	{ 0 },
};
static const struct demand return_demands[] = {
	{ "approver", APPROVES, APPROVES_ZH, APPROVES_EN },
	{ 0 },
};
static const struct demand execute_demands[] = {
	{ "owner_role", ASSET(OWNER_ACTS("a")), OWNER_ZH, OWNER_EN },
	{ 0 },
};
static const struct demand account_demands[] = {
	{ "proceeds_use", "r.proceeds_fen = 0"
	    " OR r.proceeds_use IN ('consolidate', 'bridging')",
	    "处置收益须用于巩固拓展脱贫攻坚成果或衔接推进乡村振兴",
	    "Proceeds must be used for consolidation or bridging." },
	{ "accounting_role", ASSET("CASE WHEN a.owner_kind = 'state' THEN "
	    HOLDS("'finance'") " ELSE " HOLDS("'finance', 'township_clerk',"
	    " 'township_lead', 'village_lead', 'lead_bureau'") " END"),
	    "国有资产处置收益由财政部门入账，其他由财政或集体入账",
	    "Proceeds of state assets are accounted for by the treasury." },
	{ 0 },
};

static const struct move asset_disposal_moves[] = {
	{ .name = "propose",
	    .label = "申请处置",
	    .text = "Propose the disposal, for one of the six reasons.",
	    .from = L("draft"),
	    .to = "proposed",
	    .need = L("reason"),
	    .who = OWNER_ROLES,
	    .source = "G38",
	    .flags = M_EVIDENCE,
	    .demands = propose_demands,
	    .also = L(ASSET_BECOMES("'disposal_proposed'")) },
	{ .name = "decide",
	    .label = "决策",
	    .text = "Decide by the procedure that the kind of owner asks for.",
	    .from = L("proposed"),
	    .to = "decided",
	    .need = L("decision_kind", "decided_on"),
	    .who = OWNER_ROLES,
	    .source = "G35",
	    .demands = decide_demands,
	    .also = L(ASSET_BECOMES("'disposal_decided'")) },
	{ .name = "approve",
	    .label = "批准处置",
	    .text = "Approve the disposal.",
	    .from = L("decided"),
	    .to = "approved",
	    .need = L("dept_opinion", "approved_doc_no"),
	    .take = L("approved_doc_no"),
	    .who = L("township_lead", "finance", "dept_lead", "lead_bureau"),
	    .source = "3.5.8",
	    .flags = M_EVIDENCE | M_OTHER,
	    .effects = EFFECTS({ "approved_on", "@today" },
	    { "approved_by_org", "@org" }),
	    .demands = approve_demands,
	    .also = L(ASSET_BECOMES("'disposal_approved'")) },
	{ .name = "return",
	    .label = "退回",
	    .text = "Send the proposal back, with the reason.",
	    .from = L("proposed", "decided", "approved"),
	    .to = "draft",
	    .who = L("township_lead", "finance", "dept_lead", "lead_bureau"),
	    .source = "3.5.8",
	    .flags = M_REASON,
	    .effects = EFFECTS({ "approved_on", NULL },
	    { "approved_by_org", NULL }, { "approved_doc_no", NULL }),
	    .demands = return_demands,
	    .also = L(ASSET_BECOMES("coalesce(a.idle_kind, 'in_use')")) },
	{ .name = "execute",
	    .label = "实施处置",
	    .text = "Record the disposal: how, when and for how much.",
	    .from = L("approved"),
	    .to = "disposed",
	    .need = L("method", "disposed_on", "proceeds_fen"),
	    .take = L("method", "disposed_on", "proceeds_fen"),
	    .who = OWNER_ROLES,
	    .source = "3.5.8",
	    .flags = M_EVIDENCE,
	    .demands = execute_demands,
	    .also = L(ASSET_BECOMES("'disposed'")) },
	{ .name = "account",
	    .label = "收益入账",
	    .text = "Account for the proceeds and what they are used for.",
	    .from = L("disposed"),
	    .to = "accounted",
	    .need = L("proceeds_fen", "voucher_no"),
	    .take = L("voucher_no"),
	    .who = L("finance", "township_clerk", "township_lead",
	    "village_lead", "lead_bureau"),
	    .source = "G37",
	    .flags = M_EVIDENCE,
	    .effects = EFFECTS({ "accounted_on", "@today" }),
	    .demands = account_demands,
	    .also = L(ASSET_BECOMES("'accounted'")) },
};

static const struct field asset_disposal_fields[] = {
	{ "asset_id", "资产", "Asset.", T_REF, F_REQUIRED | F_CREATE | F_FILTER,
	    0, 0, 0, "asset", "3.3", NULL },
	{ "reason", "处置原因", "One of the six reasons.", T_CODE,
	    F_REQUIRED | F_FILTER, 0, 0, 0, "disposal_reason", "G38", NULL },
	{ "reason_text", "情况说明", "The facts.", T_TEXT, F_SEARCH, 0, 0, 1000,
	    NULL, "G38", NULL },
	{ "method", "处置方式", "How it is disposed of.", T_CODE, F_FILTER, 0,
	    0, 0, "disposal_method", "G38", NULL },
	{ "appraised_fen", "评估价", "Appraised value.", T_MONEY, F_FILTER, 0,
	    0, 9000000000000000, NULL, "3.5.8", NULL },
	{ "appraisal_file_id", "评估报告", "Report of the appraisal.", T_REF, 0,
	    0, 0, 0, "attachment", "3.5.8", NULL },
	{ "decision_kind", "决策程序", "Procedure of the decision.", T_CODE,
	    F_FILTER, 0, 0, 0, "decision_kind", "G35", NULL },
	{ "proposal_file_id", "党支部提议", "Proposal of the party branch.",
	    T_REF, 0, 0, 0, 0, "attachment", "G35", NULL },
	{ "committee_file_id", "两委商议",
	    "Consultation of the two committees.", T_REF, 0, 0, 0, 0,
	    "attachment", "G35", NULL },
	{ "party_file_id", "党员大会审议", "Deliberation of the party members.",
	    T_REF, 0, 0, 0, 0, "attachment", "G35", NULL },
	{ "assembly_file_id", "村民会议决议", "Resolution of the villagers.",
	    T_REF, 0, 0, 0, 0, "attachment", "G35", NULL },
	{ "resolution_notice_file_id", "决议公开",
	    "Publication of the resolution.", T_REF, 0, 0, 0, 0, "attachment",
	    "G35", NULL },
	{ "result_notice_file_id", "实施结果公开", "Publication of the result.",
	    T_REF, 0, 0, 0, 0, "attachment", "G35", NULL },
	{ "finance_file_id", "国资审批材料", "Papers of the finance procedure.",
	    T_REF, 0, 0, 0, 0, "attachment", "T16", NULL },
	{ "decided_on", "决策日期", "Day of the decision.", T_DATE, F_FILTER, 0,
	    0, 0, NULL, "3.5.8", NULL },
	{ "dept_opinion", "行业部门意见", "Opinion of the sector department.",
	    T_TEXT, 0, 0, 0, 1000, NULL, "3.5.8", NULL },
	{ "approved_by_org", "批准单位", "Who approved.", T_TEXT, F_COMMAND, 0,
	    0, 100, NULL, "3.5.8", NULL },
	{ "approved_doc_no", "批准文号", "Number of the approval.", T_TEXT,
	    F_COMMAND, 0, 0, 60, NULL, "3.5.8", NULL },
	{ "approved_on", "批准日期", "Day of the approval.", T_DATE, F_COMMAND,
	    0, 0, 0, NULL, "3.5.8", NULL },
	{ "disposed_on", "处置日期", "Day of the disposal.", T_DATE,
	    F_COMMAND | F_FILTER | F_SORT, 0, 0, 0, NULL, "3.5.8", NULL },
	{ "proceeds_fen", "处置收益", "Proceeds.", T_MONEY,
	    F_COMMAND | F_FILTER, 0, 0, 9000000000000000, NULL, "3.5.8", NULL },
	{ "voucher_no", "入账凭证号", "Number of the voucher.", T_TEXT,
	    F_COMMAND, 0, 0, 60, NULL, "3.5.8", NULL },
	{ "proceeds_use", "收益用途", "What the proceeds are used for.", T_CODE,
	    F_FILTER, 0, 0, 0, "proceeds_use", "G37", NULL },
	{ "proceeds_note", "收益用途说明", "The use in words.", T_TEXT, 0, 0, 0,
	    500, NULL, "G37", NULL },
	{ "accounted_on", "入账日期", "Day the proceeds were accounted for.",
	    T_DATE, F_COMMAND, 0, 0, 0, NULL, "3.5.8", NULL },
	{ "state", "状态", "Where the disposal stands.", T_CODE,
	    F_COMMAND | F_FILTER, 0, 0, 0, "asset_disposal_state", "3.5.8",
	    NULL },
	{ "remark", "备注", "Remark.", T_TEXT, 0, 0, 0, 500, NULL, "3.3",
	    NULL },
};

static const struct refusal asset_disposal_refusals[] = {
	{ "row_kept", "voided_at", "T16",
	    "已申请的处置不能作废，请由批准单位退回",
	    "is not made void once proposed: have it returned" },
	{ "asset_disposal_open", "asset_id", "3.5",
	    "该资产已有处置记录", "has a disposal already" },
	{ 0 },
};

const struct entity asset_disposal_entity = { .name = "asset_disposal",
	.path = "asset-disposals",
	.table = "asset_disposal",
	.label = "资产处置",
	.text = "Disposals of assets, from the proposal to the account of the "
	    "proceeds.",
	.fields = asset_disposal_fields,
	.nfields = COUNT(asset_disposal_fields),
	.refusals = asset_disposal_refusals,
	.moves = asset_disposal_moves,
	.nmoves = COUNT(asset_disposal_moves),
	.state = "state",
	.initial = "draft",
	.ended = L("accounted"),
	.group = "asset",
	.parent = "asset_id",
	.action = ACTION_OPTIONAL,
	.business = true };

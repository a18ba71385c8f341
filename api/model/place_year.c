/* Yearly facts of villages and counties (domain.md 3.3). */
#include "../base/err.h"
#include "chapters.h"
#include "people_chapter.h"

static const struct field village_year_fact_fields[] = {
	{ "year", "年度", "Year the facts are of.", T_INT, F_REQUIRED |
	    F_CREATE | F_FILTER | F_SORT, 0, 2000, 2100, NULL, "F40", NULL },
	{ "collective_income_fen", "村集体经济收入",
	    "Income of the village collective.", T_MONEY, F_FILTER, 0, 0,
	    9000000000000000, NULL, "F40", NULL },
	{ "industries", "主导产业", "Leading industries of the village.",
	    T_TEXT, F_SEARCH, 0, 0, 500, NULL, "F40", NULL },
	{ "new_microloan_fen", "年度新增小额贷款",
	    "Small loans newly granted in the year.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "F42", NULL },
	{ "first_secretary_user_id", "第一书记",
	    "User who is the first secretary.", T_REF, 0, 0, 0, 0, "app_user",
	    "F45", NULL },
	{ "has_work_team", "有驻村工作队",
	    "Whether a work team is stationed there.", T_BOOL, F_FILTER, 0, 0,
	    0, NULL, "F45", NULL },
	{ "public_post_count", "公益性岗位数", "Public-benefit posts.", T_INT,
	    0, 0, 0, 1000000, NULL, "F42", NULL },
	{ "workshop_jobs", "帮扶车间用工数", "Jobs in assistance workshops.",
	    T_INT, 0, 0, 0, 1000000, NULL, "F42", NULL },
	{ "tuopin_household_count", "脱贫户数",
	    "Households lifted out of poverty.", T_INT, 0, 0, 0, 1000000, NULL,
	    "F30", NULL },
	{ "monitor_household_count", "监测户数",
	    "Households under monitoring.", T_INT, 0, 0, 0, 1000000, NULL,
	    "F30", NULL },
	{ "collective_modes", "集体经济发展途径",
	    "Ways in which the collective earns.", T_CODES, F_FILTER, 0, 0, 0,
	    "collective_mode", "T42", NULL },
};

static const struct refusal village_year_fact_refusals[] = {
	{ "village_year_fact_village", "division_code", "F40",
	    "应填到村（社区）", "is of a village" },
	{ 0 },
};

const struct entity village_year_fact_entity = { .name = "village_year_fact",
	.path = "village-year-facts",
	.table = "village_year_fact",
	.label = "村年度数据",
	.text = "What a village reports of a year: income, industries, "
	    "posts.",
	.fields = village_year_fact_fields,
	.nfields = COUNT(village_year_fact_fields),
	.nlate = 1,
	.refusals = village_year_fact_refusals,
	.group = "report",
	.key = L("year"),
	.action = ACTION_NONE,
	.business = true };

static const struct field county_year_fact_fields[] = {
	{ "year", "年度", "Year the facts are of.", T_INT, F_REQUIRED |
	    F_CREATE | F_FILTER | F_SORT, 0, 2000, 2100, NULL, "F42", NULL },
	{ "county_budget_bridge_fund_fen", "县级预算安排衔接资金",
	    "Bridging funds in the budget of the county.", T_MONEY, 0, 0, 0,
	    9000000000000000, NULL, "F42", NULL },
	{ "industry_share_bp", "产业资金占比",
	    "Share of funds that went to industry.", T_RATIO, F_FILTER, 0, 0,
	    10000, NULL, "R-07", NULL },
	{ "jobs_public_posts", "公益性岗位就业人数",
	    "People employed in public-benefit posts.", T_INT, 0, 0, 0,
	    10000000, NULL, "F42", NULL },
	{ "jobs_workshops", "帮扶车间就业人数",
	    "People employed in assistance workshops.", T_INT, 0, 0, 0,
	    10000000, NULL, "F42", NULL },
	{ "per_capita_net_income_fen", "脱贫人口人均纯收入",
	    "Net income per head of the lifted population.", T_MONEY, F_FILTER,
	    0, 0, 9000000000000000, NULL, "F43", NULL },
	{ "special_meeting_count", "专题研究次数",
	    "Meetings held on cooperation assistance.", T_INT, 0, 0, 0, 1000,
	    NULL, "G58", NULL },
	{ "average_apr_bp", "4月全省平均支出进度",
	    "Spending rate of the province at the end of April.", T_RATIO, 0,
	    0, 0, 10000, NULL, "G11", NULL },
	{ "average_jun_bp", "6月全省平均支出进度",
	    "Spending rate of the province at the end of June.", T_RATIO, 0, 0,
	    0, 10000, NULL, "G11", NULL },
	{ "average_jul_bp", "7月全省平均支出进度",
	    "Spending rate of the province at the end of July.", T_RATIO, 0, 0,
	    0, 10000, NULL, "G11", NULL },
	{ "average_sep_bp", "9月全省平均支出进度",
	    "Spending rate of the province at the end of September.", T_RATIO,
	    0, 0, 0, 10000, NULL, "G11", NULL },
	{ "average_oct_bp", "10月全省平均支出进度",
	    "Spending rate of the province at the end of October.", T_RATIO, 0,
	    0, 0, 10000, NULL, "G11", NULL },
};

static const struct refusal county_year_fact_refusals[] = {
	{ "county_year_fact_county", "division_code", "F42",
	    "应填到县（市、区）", "is of a county" },
	{ 0 },
};

const struct entity county_year_fact_entity = { .name = "county_year_fact",
	.path = "county-year-facts",
	.table = "county_year_fact",
	.label = "县年度数据",
	.text = "What a county reports of a year, and the province's "
	    "averages.",
	.fields = county_year_fact_fields,
	.nfields = COUNT(county_year_fact_fields),
	.refusals = county_year_fact_refusals,
	.group = "indicator",
	.key = L("year"),
	.action = ACTION_NONE,
	.business = true };

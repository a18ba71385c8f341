/* The authorization matrix (domain.md 5.2) as far as issues reach. */
#include "../base/err.h"
#include "../scope.h"

#define WRITES (V_READ | V_CREATE | V_CHANGE | V_MOVE)

/* Places, organisations and actions are everybody's to read, in scope. */
#define COMMON                                                                 \
	{ "division", V_READ }, { "org_unit", V_READ }, { "action", V_READ }

static const struct permit writer[] = { COMMON, { "issue", WRITES },
	{ "issue_progress", V_READ | V_CREATE },
	{ "issue_acceptance", V_READ }, { "evidence", V_READ | V_CREATE },
	{ NULL, 0 } };
static const struct permit decider[] = { COMMON,
	{ "issue", V_READ | V_MOVE }, { "issue_progress", V_READ | V_CREATE },
	{ "issue_acceptance", V_READ }, { "evidence", V_READ | V_CREATE },
	{ NULL, 0 } };
static const struct permit reader[] = { COMMON, { "issue", V_READ },
	{ "issue_progress", V_READ }, { "issue_acceptance", V_READ },
	{ "evidence", V_READ }, { NULL, 0 } };
static const struct permit agent[] = { COMMON, { "issue", V_SYNC },
	{ NULL, 0 } };
static const struct permit admin[] = { { "division", V_READ | V_CONFIGURE },
	{ "org_unit", V_READ | V_CONFIGURE },
	{ "action", V_READ | V_CONFIGURE }, { NULL, 0 } };

const struct role roles[] = {
	{ "village_admin", "村系统管理员", 5, 2, false, writer },
	{ "township_clerk", "乡镇经办", 4, 2, false, writer },
	{ "township_lead", "乡镇领导", 4, 2, false, writer },
	{ "dept_clerk", "行业主管部门经办", 3, 2, true, writer },
	{ "dept_lead", "行业主管部门领导", 3, 2, true, writer },
	{ "lead_bureau", "农业农村局、乡村振兴局", 3, 2, false, writer },
	{ "task_force", "工作专班", 3, 2, false, writer },
	{ "county_authority", "县领导小组、县政府", 3, 1, false, decider },
	{ "pref_dept", "市级行业部门", 2, 1, true, decider },
	{ "auditor", "审计、巡视", 0, 1, false, reader },
	{ "sheet_agent", "同步代理", 0, 2, false, agent },
	{ "sysadmin", "系统管理员", 0, 0, false, admin },
};
const size_t nroles = COUNT(roles);

/* The authorization matrix (domain.md 5.2): roles × groups of entities. */
#include "../base/err.h"
#include "../scope.h"

#define READ V_READ
#define MOVE (V_READ | V_MOVE)
#define WRITE (V_READ | V_CREATE | V_CHANGE | V_MOVE)
#define NOTE (V_READ | V_CREATE)
#define CONF (V_READ | V_CONFIGURE)

/* Places, organisations and actions are everybody's to read, in scope; what
 * is told of a row is told with the row. */
#define COMMON                                                                 \
	{ "division", READ }, { "org_unit", READ }, { "action", READ },        \
	{ "document", READ }, { "template", READ }
#define RECORDS(issue_progress, evidence)                                      \
	{ "issue_progress", issue_progress }, { "issue_acceptance", READ },    \
	{ "evidence", evidence }, { "command", READ }

static const struct permit village[] = { COMMON, RECORDS(NOTE, NOTE),
	{ "project", WRITE }, { "library", WRITE }, { "fund", READ },
	{ "asset", WRITE }, { "benefit", WRITE }, { "household", WRITE },
	{ "operator", WRITE }, { "risk", READ }, { "class", WRITE },
	{ "plan", WRITE }, { "issue", WRITE }, { "order", MOVE },
	{ "patrol", READ }, { "form", WRITE }, { "archive", WRITE },
	{ "attachment", WRITE }, { "report", WRITE }, { "indicator", READ },
	{ NULL, 0 } };
static const struct permit township[] = { COMMON, RECORDS(NOTE, NOTE),
	{ "project", WRITE }, { "library", WRITE }, { "fund", READ },
	{ "asset", WRITE }, { "benefit", WRITE }, { "household", WRITE },
	{ "operator", WRITE }, { "contact", WRITE }, { "risk", WRITE },
	{ "class", WRITE }, { "plan", WRITE }, { "issue", WRITE },
	{ "order", MOVE }, { "patrol", WRITE }, { "form", WRITE },
	{ "archive", WRITE }, { "attachment", WRITE }, { "report", WRITE },
	{ "indicator", READ }, { NULL, 0 } };
static const struct permit department[] = { COMMON, RECORDS(NOTE, NOTE),
	{ "project", WRITE }, { "library", WRITE }, { "fund", WRITE },
	{ "asset", WRITE }, { "benefit", READ }, { "operator", WRITE },
	{ "contact", WRITE }, { "risk", WRITE }, { "class", WRITE },
	{ "plan", WRITE }, { "issue", WRITE }, { "order", WRITE },
	{ "patrol", WRITE }, { "form", READ }, { "archive", WRITE },
	{ "attachment", WRITE }, { "report", WRITE }, { "indicator", READ },
	{ NULL, 0 } };
static const struct permit bureau[] = { COMMON, RECORDS(NOTE, NOTE),
	{ "project", WRITE }, { "library", WRITE }, { "fund", WRITE },
	{ "asset", WRITE }, { "benefit", WRITE }, { "household", READ },
	{ "operator", WRITE }, { "contact", WRITE }, { "risk", WRITE },
	{ "class", WRITE }, { "plan", WRITE }, { "issue", WRITE },
	{ "order", WRITE }, { "patrol", WRITE }, { "form", WRITE },
	{ "archive", WRITE }, { "attachment", WRITE }, { "report", WRITE },
	{ "indicator", WRITE }, { "document", WRITE }, { "template", WRITE },
	{ "webhook", WRITE }, { "explain", READ }, { NULL, 0 } };
static const struct permit decider[] = { COMMON, RECORDS(NOTE, NOTE),
	{ "project", MOVE }, { "library", MOVE }, { "fund", MOVE },
	{ "asset", MOVE }, { "benefit", READ }, { "operator", READ },
	{ "risk", MOVE }, { "class", MOVE }, { "plan", MOVE },
	{ "issue", MOVE }, { "order", WRITE }, { "patrol", WRITE },
	{ "form", READ }, { "archive", READ }, { "attachment", WRITE },
	{ "report", WRITE }, { "indicator", WRITE }, { "webhook", WRITE },
	{ "explain", READ }, { NULL, 0 } };
static const struct permit treasury[] = { COMMON, RECORDS(READ, NOTE),
	{ "project", MOVE }, { "library", MOVE }, { "fund", WRITE },
	{ "asset", MOVE }, { "risk", READ }, { "class", READ },
	{ "plan", READ }, { "issue", READ }, { "archive", READ },
	{ "attachment", WRITE }, { "report", WRITE }, { "indicator", READ },
	{ NULL, 0 } };
static const struct permit patrol[] = { COMMON, RECORDS(NOTE, NOTE),
	{ "project", READ }, { "library", READ }, { "fund", READ },
	{ "asset", READ }, { "benefit", READ }, { "risk", READ },
	{ "class", READ }, { "plan", READ }, { "issue", NOTE },
	{ "order", WRITE }, { "patrol", WRITE }, { "form", READ },
	{ "attachment", WRITE }, { "report", WRITE }, { NULL, 0 } };
static const struct permit reader[] = { COMMON, RECORDS(READ, READ),
	{ "project", READ }, { "library", READ }, { "fund", READ },
	{ "asset", READ }, { "benefit", READ }, { "household", READ },
	{ "operator", READ }, { "contact", READ }, { "risk", READ },
	{ "class", READ }, { "plan", READ }, { "issue", READ },
	{ "order", READ }, { "patrol", READ }, { "form", READ },
	{ "archive", READ }, { "attachment", READ }, { "report", READ },
	{ "indicator", READ }, { "explain", READ },
	{ NULL, 0 } };
static const struct permit discipline[] = { COMMON, RECORDS(READ, READ),
	{ "project", READ }, { "library", READ }, { "fund", READ },
	{ "asset", READ }, { "benefit", READ }, { "risk", READ },
	{ "class", READ }, { "plan", READ }, { "issue", READ },
	{ "order", READ }, { "patrol", READ }, { "form", READ },
	{ "archive", READ }, { "attachment", WRITE }, { "report", READ },
	{ "accountability", WRITE }, { NULL, 0 } };
static const struct permit agent[] = { COMMON, { "issue", V_SYNC },
	{ NULL, 0 } };
static const struct permit admin[] = { { "division", CONF },
	{ "org_unit", CONF }, { "action", CONF }, { "document", CONF },
	{ "template", CONF }, { "webhook", V_READ | V_CHANGE },
	{ NULL, 0 } };

const struct role roles[] = {
	{ "village_admin", "村系统管理员", 5, 2, false, village },
	{ "village_lead", "村支书、第一书记", 5, 2, false, village },
	{ "township_clerk", "乡镇经办", 4, 2, false, township },
	{ "township_lead", "乡镇领导", 4, 2, false, township },
	{ "dept_clerk", "行业主管部门经办", 3, 2, true, department },
	{ "dept_lead", "行业主管部门领导", 3, 2, true, department },
	{ "lead_bureau", "农业农村局、乡村振兴局", 3, 2, false, bureau },
	{ "task_force", "工作专班", 3, 2, false, bureau },
	{ "county_authority", "县领导小组、县政府", 3, 1, false, decider },
	{ "finance", "财政局", 3, 1, false, treasury },
	{ "patrol_group", "督查巡查组", 3, 1, false, patrol },
	{ "pref_dept", "市级行业部门", 2, 1, true, decider },
	{ "pref_task_force", "市级工作专班", 2, 1, false, decider },
	{ "province", "省级部门", 1, 1, false, decider },
	{ "auditor", "审计、巡视", 0, 1, false, reader },
	{ "discipline", "纪委监委", 0, 4, false, discipline },
	{ "sheet_agent", "同步代理", 0, 2, false, agent },
	{ "sysadmin", "系统管理员", 0, 0, false, admin },
};
const size_t nroles = COUNT(roles);

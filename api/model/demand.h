/* Who acts for whom, as conditions of commands: roles held, owners' sides. */
#ifndef MODEL_DEMAND_H
#define MODEL_DEMAND_H

#define EFFECTS(...) (const struct effect[]) { __VA_ARGS__, { 0 } }

/* Whether the caller holds one of the roles. */
#define HOLDS(roles) \
	"EXISTS (SELECT FROM role_grant g WHERE g.user_id = $2::uuid" \
	" AND g.valid_to IS NULL AND g.role IN (" roles "))"

/* Whether the caller's organisation is the one that the expression gives. */
#define CALLER_OF(org) \
	"EXISTS (SELECT FROM app_user u WHERE u.id = $2::uuid" \
	" AND u.org_id = " org ")"

/* Whether the caller stands for the owner of an asset, by kind of owner. */
#define OWNER_ACTS(a) \
	"CASE WHEN " a ".owner_kind = 'state' THEN " HOLDS("'finance'") \
	" WHEN " a ".owner_kind = 'township_coll' THEN " \
	HOLDS("'township_clerk', 'township_lead', 'lead_bureau'") \
	" WHEN " a ".owner_kind = 'village_coll' THEN " \
	HOLDS("'village_admin', 'village_lead', 'township_clerk'," \
	" 'township_lead'") \
	" WHEN " a ".owner_kind = 'household' THEN " \
	HOLDS("'village_admin', 'village_lead'") \
	" ELSE " HOLDS("'dept_clerk', 'dept_lead', 'lead_bureau'") " END"
#define OWNER_ZH \
	"国有资产由财政部门办理，集体资产由乡镇、村办理，到户资产由村办理，" \
	"其他由主管部门办理"
#define OWNER_EN \
	"The side of the owner acts: treasury, township, village or department."
#define OWNER_ROLES \
	L("finance", "township_clerk", "township_lead", "lead_bureau", \
	"village_admin", "village_lead", "dept_clerk", "dept_lead")
#define KEEPER_ROLES \
	L("finance", "township_clerk", "township_lead", "lead_bureau", \
	"village_admin", "village_lead", "dept_clerk", "dept_lead")

/* The common columns of a row that a command adds below its own, from r. */
#define CHILD_COLUMNS \
	"action_id, division_code, filing_level, reporting_org_id," \
	" competent_org_id, competent_line, sensitivity"
#define CHILD_VALUES \
	"r.action_id, r.division_code, r.filing_level, r.reporting_org_id," \
	" r.competent_org_id, r.competent_line, r.sensitivity"

#endif

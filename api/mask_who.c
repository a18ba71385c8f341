/* What a caller sees of personal data: his role's profile, and what is beside
 * it his own duty. */
#include "mask.h"

#include <string.h>

#include "base/err.h"
#include "scope.h"

static bool impersonal(const struct principal *);
static void look(struct principal *);
static enum pii person_pii(const struct entity *, const char *const *row);

/* Those whose duty is just that: of a role, or of a sector line. */
static const struct {
	const char *who;
	enum pii class;
	bool line;
	char sees;
} beside[] = {
	{ "township_lead", PII_SPECIAL, false, 'f' },
	{ "helper", PII_OPINION, false, 'h' }, /* of himself */
	{ "lead_bureau", PII_INCOME, false, 'f' }, /* the county's duty */
	{ "lead_bureau", PII_MEMBERS, false, 'f' },
	{ "lead_bureau", PII_EXPENSE, false, 'f' },
	{ "lead_bureau", PII_IDENTITY, false, 'f' },
	{ "finance", PII_ACCOUNT, false, 'f' },
	{ "operator_user", PII_ACCOUNT, false, 'f' }, /* his own */
	{ "patrol_group", PII_LOCATION, false, 'f' },
	{ "resident_group", PII_LOCATION, false, 'f' },
	{ "discipline", PII_DISCIPLINE, false, 'f' },
	{ "卫健", PII_HEALTH, true, 'f' },
	{ "医保", PII_HEALTH, true, 'f' },
	{ "残联", PII_HEALTH, true, 'f' },
	{ "民政", PII_MINOR, true, 'f' },
	{ "教体", PII_MINOR, true, 'f' },
	{ "教育", PII_MINOR, true, 'f' },
	{ "政法", PII_SPECIAL, true, 'f' },
	{ "信访", PII_SPECIAL, true, 'f' },
	{ "金融", PII_LOAN, true, 'f' },
};

/* What a person_flag's kind tells. */
static const struct {
	const char *kind;
	enum pii class;
} persons[] = {
	{ "petitioner", PII_SPECIAL },
	{ "orphan", PII_MINOR },
	{ "unsupported_child", PII_MINOR },
	{ "low_security", PII_IDENTITY },
	{ "extreme_poor", PII_IDENTITY },
};

enum mask
mask_field(struct principal *who, const struct entity *e,
    const struct field *f, const char *const *row)
{
	bool above = f->clearance > who->scope.clearance;
	enum pii class = field_pii(f);
	enum mask mask, least;

	if (class == PII_NONE)
		return above ? MASK_HIDDEN : MASK_NONE;
	if (class == PII_PERSON && row != NULL)
		class = person_pii(e, row);
	mask = mask_class(who, class);
	if (!above)
		return mask;
	/* Below its clearance nobody sees more than a stranger to it does. */
	least = mask_of("masked", class);
	if (least == MASK_NONE)
		least = MASK_PARTIAL;
	return mask > least ? mask : least;
}

enum mask
mask_class(struct principal *who, enum pii class)
{
	if (!who->sees_known)
		look(who);
	return (enum mask)who->sees[class];
}

/* An application that was not given its users' eyes, and an administrator who
 * looks as somebody (domain.md 5.2): they see nobody's personal data. */
static bool
impersonal(const struct principal *who)
{
	return (who->client[0] != '\0' && !who->personal) ||
	    who->viewer[0] != '\0';
}

/* A workbook is masked for its folder's organisation. */
const char *
mask_profile(const struct principal *who)
{
	const struct role *role = who->role != NULL ? role_find(who->role)
						    : NULL;

	if (role == NULL || impersonal(who))
		return "none";
	if (who->binding[0] != '\0')
		return who->level >= 4 ? "township" : who->level == 3
		    ? "contacts" : "masked";
	return role->profile;
}

static void
look(struct principal *who)
{
	const char *profile = mask_profile(who);
	const char *line = who->scope.line;

	for (size_t i = 0; i < PII__MAX; i++)
		who->sees[i] = (unsigned char)mask_of(profile, (enum pii)i);
	for (size_t i = 0; i < COUNT(beside) && !impersonal(who); i++)
		if (strcmp(beside[i].who, beside[i].line
		    ? (line != NULL ? line : "")
		    : who->role != NULL ? who->role : "") == 0)
			who->sees[beside[i].class] = beside[i].sees == 'f'
			    ? MASK_NONE : MASK_HIDDEN;
	who->sees_known = true;
}

static enum pii
person_pii(const struct entity *e, const char *const *row)
{
	int at = field_index(e, "kind");
	const char *kind = at >= 0 ? row[at] : NULL;

	for (size_t i = 0; kind != NULL && i < COUNT(persons); i++)
		if (strcmp(persons[i].kind, kind) == 0)
			return persons[i].class;
	return PII_HEALTH;
}

/* Places, organisations, actions, issues, attachments: the first chapter. */
#include "chapters.h"

const struct entity *const base_chapter[] = {
	&division_entity,
	&org_unit_entity,
	&action_entity,
	&issue_entity,
	&issue_progress_entity,
	&issue_acceptance_entity,
	&command_entity,
	&evidence_entity,
	&attachment_entity,
	&webhook_entity,
	&webhook_delivery_entity,
	NULL,
};

/* Assets and what becomes of them (domain.md 3.3). */
#include "asset_chapter.h"

#include "chapters.h"

const struct entity *const asset_chapter[] = {
	&asset_entity,
	&asset_right_entity,
	&asset_transfer_entity,
	&asset_custody_entity,
	&custody_inspection_entity,
	&asset_operation_year_entity,
	&asset_feedback_entity,
	&asset_disposal_entity,
	NULL,
};

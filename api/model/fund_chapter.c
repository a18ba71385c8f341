/* Funds (domain.md 3.3). */
#include "fund_chapter.h"

#include "chapters.h"

const struct entity *const fund_chapter[] = {
	&fund_allocation_entity,
	&fund_payment_entity,
	&fund_progress_snapshot_entity,
	&negative_list_item_entity,
	&fund_replacement_entity,
	&fund_replacement_target_entity,
	&fund_adjustment_entity,
	NULL,
};

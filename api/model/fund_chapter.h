/* Funds: the entities, for fund_chapter.c. */
#ifndef MODEL_FUND_CHAPTER_H
#define MODEL_FUND_CHAPTER_H

#include "model.h"

extern const struct entity fund_allocation_entity;	/* fund.c */
extern const struct entity fund_payment_entity;
extern const struct entity fund_progress_snapshot_entity;
extern const struct entity negative_list_item_entity;
extern const struct entity fund_replacement_entity;	/* fund_replacement.c */
extern const struct entity fund_replacement_target_entity;
extern const struct entity fund_adjustment_entity;

#endif

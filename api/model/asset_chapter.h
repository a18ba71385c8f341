/* The entities of the chapter of assets. */
#ifndef MODEL_ASSET_CHAPTER_H
#define MODEL_ASSET_CHAPTER_H

#include "model.h"

extern const struct entity asset_entity; /* asset.c */
extern const struct entity asset_right_entity;
extern const struct entity asset_transfer_entity;

extern const struct entity asset_custody_entity; /* asset_use.c */
extern const struct entity custody_inspection_entity;
extern const struct entity asset_operation_year_entity;
extern const struct entity asset_feedback_entity;

extern const struct entity asset_disposal_entity; /* asset_disposal.c */

#endif

/* Entities of the orders' chapter, for order_chapter.c alone. */
#ifndef MODEL_ORDER_CHAPTER_H
#define MODEL_ORDER_CHAPTER_H

#include "model.h"

extern const struct entity supervision_order_entity; /* order.c */
extern const struct entity order_subject_entity;
extern const struct entity patrol_visit_entity; /* patrol.c */
extern const struct entity patrol_subject_entity;
extern const struct entity notice_entity;
extern const struct entity accountability_case_entity;

#endif

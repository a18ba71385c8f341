/* Supervision orders, patrols, notices, accountability (domain.md 3.3). */
#include "chapters.h"
#include "order_chapter.h"

const struct entity *const order_chapter[] = {
	&supervision_order_entity,
	&order_subject_entity,
	&patrol_visit_entity,
	&patrol_subject_entity,
	&notice_entity,
	&accountability_case_entity,
	NULL,
};

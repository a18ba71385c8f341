/* Reports, indicators, rankings, meetings (domain.md 3.3). */
#include "chapters.h"
#include "report_chapter.h"

const struct entity *const report_chapter[] = {
	&report_def_entity,
	&report_obligation_entity,
	&report_submission_entity,
	&report_snapshot_entity,
	&indicator_entity,
	&indicator_target_entity,
	&indicator_value_entity,
	&meeting_record_entity,
	&policy_doc_entity,
	&case_record_entity,
	&ranking_run_entity,
	&ranking_item_entity,
	NULL,
};

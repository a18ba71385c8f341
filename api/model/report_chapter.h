/* Entities of the reports' chapter, for report_chapter.c alone. */
#ifndef MODEL_REPORT_CHAPTER_H
#define MODEL_REPORT_CHAPTER_H

#include "model.h"

extern const struct entity report_def_entity; /* report.c */
extern const struct entity report_obligation_entity;
extern const struct entity report_submission_entity;
extern const struct entity report_snapshot_entity;
extern const struct entity indicator_entity; /* indicator.c */
extern const struct entity indicator_target_entity;
extern const struct entity indicator_value_entity;
extern const struct entity meeting_record_entity;
extern const struct entity policy_doc_entity;
extern const struct entity case_record_entity;
extern const struct entity ranking_run_entity; /* ranking.c */
extern const struct entity ranking_item_entity;

#endif

/* The chapters of the model, for model.c alone. Each is NULL-ended. */
#ifndef MODEL_CHAPTERS_H
#define MODEL_CHAPTERS_H

#include "model.h"

extern const struct entity *const base_chapter[];    /* base.c */
extern const struct entity *const people_chapter[];  /* people_chapter.c */
extern const struct entity *const project_chapter[]; /* project_chapter.c */
extern const struct entity *const fund_chapter[];    /* fund_chapter.c */
extern const struct entity *const asset_chapter[];   /* asset_chapter.c */
extern const struct entity *const benefit_chapter[]; /* benefit_chapter.c */
extern const struct entity *const risk_chapter[];    /* risk_chapter.c */
extern const struct entity *const order_chapter[];   /* order_chapter.c */
extern const struct entity *const form_chapter[];    /* form_chapter.c */
extern const struct entity *const archive_chapter[]; /* archive_chapter.c */
extern const struct entity *const report_chapter[];  /* report_chapter.c */

extern const struct entity division_entity;	     /* place.c */
extern const struct entity org_unit_entity;	     /* people.c */
extern const struct entity action_entity;	     /* action.c */
extern const struct entity issue_entity;	     /* issue.c */
extern const struct entity issue_progress_entity;    /* record.c */
extern const struct entity issue_acceptance_entity;
extern const struct entity command_entity;
extern const struct entity evidence_entity;
extern const struct entity attachment_entity;	     /* attachment.c */
extern const struct entity webhook_entity;	     /* webhook.c */
extern const struct entity webhook_delivery_entity;

extern const struct move issue_moves[]; /* issue_moves.c */
extern const size_t nissue_moves;

/* A NULL-ended list of names. */
#define L(...) (const char *const[]) { __VA_ARGS__, NULL }

#endif

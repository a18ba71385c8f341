/* Entities of the questionnaires' chapter, for form_chapter.c alone. */
#ifndef MODEL_FORM_CHAPTER_H
#define MODEL_FORM_CHAPTER_H

#include "model.h"

extern const struct entity form_template_entity; /* form.c */
extern const struct entity form_question_entity;
extern const struct entity form_response_entity; /* form_response.c */
extern const struct entity form_finding_entity;
extern const struct entity sign_off_entity;

#endif

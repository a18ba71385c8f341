/* Entities of the archives' chapter, for archive_chapter.c alone. */
#ifndef MODEL_ARCHIVE_CHAPTER_H
#define MODEL_ARCHIVE_CHAPTER_H

#include "model.h"

extern const struct entity archive_catalog_entity; /* archive.c */
extern const struct entity archive_item_def_entity;
extern const struct entity archive_file_entity;

#endif

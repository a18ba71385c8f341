/* Archives, attachments, signatures (domain.md 3.3). */
#include "chapters.h"
#include "archive_chapter.h"

const struct entity *const archive_chapter[] = {
	&archive_catalog_entity,
	&archive_item_def_entity,
	&archive_file_entity,
	NULL,
};

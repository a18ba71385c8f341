/* The handlers of the sheet sync; sync.c lists their routes. */
#ifndef API_SYNC_H
#define API_SYNC_H

#include "request.h"

/* For agents, each on its own binding. */
handler sync_binding, sync_ledgers, sync_template;
handler sync_export_make, sync_export_get;
handler sync_batch;
handler sync_file_report;
/* For people. */
handler sync_files, sync_conflicts, sync_conflict, sync_conflict_resolve;
handler sync_requests, findings_list;
handler binding_create, bindings_list, binding_revoke, template_create;

/* Routes and statements; before the workers connect. */
void sync_init(void);
void sync_batch_init(void);
void sync_export_init(void);
void sync_feed_init(void);
void sync_resolve_init(void);
void sync_lists_init(void);
void findings_init(void);
void bindings_init(void);

#endif

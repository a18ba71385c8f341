/* Every part that brings routes, statements or hooks of its own. */
#include "chapters.h"

#include "admin.h"
#include "asked.h"
#include "attach.h"
#include "audit.h"
#include "client.h"
#include "conf.h"
#include "entity.h"
#include "explain.h"
#include "feed.h"
#include "idem.h"
#include "identity.h"
#include "look.h"
#include "model/model.h"
#include "move.h"
#include "openapi.h"
#include "parts.h"
#include "privacy.h"
#include "quality.h"
#include "query.h"
#include "record.h"
#include "sync.h"
#include "webhook.h"

void
chapters(void)
{
	model_check();
	conf_init();
	query_init();
	audit_init();
	auth_init();
	session_init();
	idem_init();
	entity_statements();
	look_init();
	record_init();
	move_init();
	admin_init();
	reorganise_init();
	places_init();
	users_init();
	users_list_init();
	actions_init();
	roles_init();
	code_sets_init();
	sync_init();
	parts_init();
	quality_init();
	attach_init();
	feed_init();
	webhook_init();
	clients_init();
	token_init();
	passes_init();
	explain_init();
	audit_read_init();
	privacy_init();
	privacy_param_init();
	entity_init();
	openapi_init();
	health_register();
	asked_init(); /* all routes are there */
}

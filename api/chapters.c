/* Every part that brings routes, statements or hooks of its own. */
#include "chapters.h"

#include "admin.h"
#include "conf.h"
#include "entity.h"
#include "idem.h"
#include "identity.h"
#include "model/model.h"
#include "move.h"
#include "openapi.h"
#include "parts.h"
#include "query.h"
#include "sync.h"

void
chapters(void)
{
	model_check();
	conf_init();
	query_init();
	auth_init();
	session_init();
	idem_init();
	entity_init();
	move_init();
	admin_init();
	places_init();
	users_init();
	actions_init();
	sync_init();
	parts_init();
	openapi_init();
	health_register();
}

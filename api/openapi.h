/* OpenAPI 3.1, printed from the routes and the model. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <jansson.h>

#include "model/model.h"

void openapi_init(void);   /* its own route */
json_t *openapi_make(void);/* after every route is registered */
/* openapi_schema.c */
json_t *openapi_schemas(void);
json_t *openapi_field(const struct field *);

#endif

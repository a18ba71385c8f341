/* OpenAPI 3.1, printed from the routes, the model and api/schemas/. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <jansson.h>

#include "model/model.h"

#define SET(o, key, v) json_object_set_new(o, key, v)

struct route;

void openapi_init(void);   /* its own route */
json_t *openapi_make(void);/* after every route is registered */

/* openapi_part.c: the files of api/schemas/ as one object with the members
 * schemas, parameters and headers. */
json_t *openapi_parts_read(void);
json_t *openapi_ref(const char *kind, const char *name);

/* openapi_schema.c: schemas of everything the model has, added to those of
 * the parts; one field by itself. */
void openapi_schemas(json_t *schemas);
json_t *openapi_field(const struct field *);
/* openapi_example.c: a value that fits; NULL when none is known. */
json_t *openapi_example(const struct field *);
json_t *openapi_example_of(const struct entity *, bool writable);

/* openapi_route.c: one operation; components are what it may refer to. */
json_t *openapi_operation(const struct route *, const char *tag,
    const json_t *components);
/* The parameters of one, some by reference. */
json_t *openapi_asked(const struct route *, const json_t *components);
/* Adds what every list shares. */
void openapi_parameters(json_t *parameters);
json_t *openapi_responses(void);

#endif

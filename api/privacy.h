/* What a person may ask for, and those who act for him (domain.md 5.3). */
#ifndef API_PRIVACY_H
#define API_PRIVACY_H

/* Routes of every entity with personal fields; before entity_init(). */
void privacy_init(void);
/* privacy_param.c: how often, how long. */
void privacy_param_init(void);

#endif

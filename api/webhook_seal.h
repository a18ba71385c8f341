/* Webhook secrets and signatures (Standard Webhooks); pure but for the key. */
#ifndef API_WEBHOOK_SEAL_H
#define API_WEBHOOK_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "seal.h"

#define WEBHOOK_SECRET 32
#define WEBHOOK_SECRET_TEXT 64	/* whsec_… */
#define WEBHOOK_SEALED_HEX SEAL_HEX(WEBHOOK_SECRET)
#define WEBHOOK_SIGNATURE 56	/* v1,… */

void webhook_secret_new(unsigned char out[WEBHOOK_SECRET]);
void webhook_secret_text(const unsigned char secret[WEBHOOK_SECRET],
    char out[WEBHOOK_SECRET_TEXT]);
/* With the installation's key, bound to the webhook's id. */
void webhook_seal(const char *id, const unsigned char secret[WEBHOOK_SECRET],
    char out[WEBHOOK_SEALED_HEX]);
bool webhook_unseal(const char *id, const char *hex,
    unsigned char out[WEBHOOK_SECRET]);
/* Over "id.timestamp.body". */
void webhook_sign(const unsigned char secret[WEBHOOK_SECRET], const char *id,
    const char *timestamp, const char *body, size_t len,
    char out[WEBHOOK_SIGNATURE]);

#endif

/* Cursors: base64url of "last value LF id" behind 16 bytes of HMAC-SHA256. */
#include "cursor.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "base/uid.h"
#include "settings.h"

#define MAC 16
#define CURSOR_MAX 1024

static void sign(struct request *, const char *binding, const char *data,
    size_t n, unsigned char mac[MAC]);

char *
cursor_make(struct request *r, const char *binding, const char *last,
    const char *id)
{
	const char *data = arena_printf(&r->arena, "%s\n%s", last, id);
	size_t n = strlen(data);
	unsigned char *all = arena_alloc(&r->arena, MAC + n);
	size_t room = sodium_base64_encoded_len(MAC + n,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *out = arena_alloc(&r->arena, room);

	sign(r, binding, data, n, all);
	memcpy(all + MAC, data, n);
	sodium_bin2base64(out, room, all, MAC + n,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return out;
}

bool
cursor_read(struct request *r, const char *cursor, const char *binding,
    const char **last, const char **id)
{
	unsigned char *all = arena_alloc(&r->arena, CURSOR_MAX + 1);
	unsigned char mac[MAC];
	size_t n;
	char *line;

	if (sodium_base642bin(all, CURSOR_MAX, cursor, strlen(cursor), NULL,
	    &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    n <= MAC)
		return false;
	sign(r, binding, (char *)all + MAC, n - MAC, mac);
	if (sodium_memcmp(mac, all, MAC) != 0)
		return false;
	all[n] = '\0';
	line = strrchr((char *)all + MAC, '\n');
	if (line == NULL || !uuid_ok(line + 1))
		return false;
	*line = '\0';
	*last = (char *)all + MAC;
	*id = line + 1;
	return utf8_ok(*last, strlen(*last));
}

static void
sign(struct request *r, const char *binding, const char *data, size_t n,
    unsigned char mac[MAC])
{
	crypto_auth_hmacsha256_state st;
	unsigned char full[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&st, secret_key("cursor"), SECRET_LEN);
	/* Each part with its NUL, so that none can run into the next. */
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)r->who.id,
	    strlen(r->who.id) + 1);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)binding,
	    strlen(binding) + 1);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)data, n);
	crypto_auth_hmacsha256_final(&st, full);
	memcpy(mac, full, MAC);
}

/* Quotas of requests: one time per key in a table that the workers share. */
#include "limit.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <sodium.h>

#include "route.h"
#include "settings.h"

#define SLOTS 65536u /* a power of two: 1 MiB */
#define PROBES 8
#define WINDOW_S 10
#define WINDOW_LOGIN_S 60
#define DAY_S 86400
#define SECOND UINT64_C(1000000000)

/* A key whose time is past has its whole quota, as one that has no slot: its
 * slot is free. */
struct slot {
	_Atomic uint64_t key, full_ns;
};

static const struct {
	const char *name;
	unsigned window_s;
} kinds[LIMIT__MAX] = { [LIMIT_ADDRESS] = { "address", WINDOW_S },
	[LIMIT_CALLER] = { "caller", WINDOW_S },
	[LIMIT_LOGIN] = { "login", WINDOW_LOGIN_S },
	[LIMIT_CLIENT] = { "application", WINDOW_S } };

static struct slot *slots;
static unsigned char secret[crypto_shorthash_KEYBYTES];

static unsigned quota(const struct request *, enum limit);
static bool count(struct request *, enum limit, const char *key);
static struct slot *slot_of(uint64_t key, uint64_t now);
static uint64_t clock_ns(void);

void
limit_init(void)
{
	slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(slots != MAP_FAILED && sodium_init() >= 0);
	randombytes_buf(secret, sizeof(secret));
}

/* On the proxy's socket and not from the proxy: there is no address to count. */
bool
limit_address(struct request *r)
{
	if (r->remote == NULL || strcmp(r->remote, "unix") == 0)
		return true;
	if (r->route->right == RIGHT_PUBLIC && r->method == M_POST &&
	    !count(r, LIMIT_LOGIN, r->remote))
		return false;
	return count(r, LIMIT_ADDRESS, r->remote);
}

bool
limit_caller(struct request *r)
{
	if (r->who.client[0] != '\0' &&
	    !count(r, LIMIT_CLIENT, r->who.client))
		return false;
	return count(r, LIMIT_CALLER, r->who.id);
}

bool
limit_rows(struct request *r, unsigned rows)
{
	uint64_t hash, now = clock_ns(), was, full;
	unsigned q = r->who.export_rows, left, wait_s = 0;
	const char *text;
	struct slot *s;
	bool ok;

	if (r->who.client[0] == '\0' || slots == NULL)
		return true;
	text = arena_printf(&r->arena, "rows%s", r->who.client);
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)text,
	    strlen(text), secret);
	s = slot_of(hash | 1, now);
	if (q > 0 && s == NULL)
		return true;
	was = q > 0 ? atomic_load(&s->full_ns) : 0;
	do {
		full = was;
		ok = q > 0;
		for (unsigned i = 0; i < rows && ok; i++)
			ok = limit_take(&full, now, q, DAY_S, &left, &wait_s);
	} while (ok && !atomic_compare_exchange_weak(&s->full_ns, &was, full));
	if (ok)
		return true;
	reply_header(r, "retry-after", arena_printf(&r->arena, "%u",
	    q > 0 ? wait_s : DAY_S));
	(void)fail(r, E_LIMIT, "too_many_requests",
	    "超出该应用每日可导出的行数",
	    "More rows than the application may take as files in a day.");
	return false;
}

static unsigned
quota(const struct request *r, enum limit l)
{
	const struct settings *s = settings();

	if (l == LIMIT_CLIENT)
		return r->who.rate;
	return l == LIMIT_ADDRESS ? s->rate_address :
	    l == LIMIT_CALLER ? s->rate_caller : s->rate_login;
}

static bool
count(struct request *r, enum limit l, const char *key)
{
	uint64_t hash, now = clock_ns(), was, full;
	unsigned q = quota(r, l), left, wait_s;
	struct slot *s;
	size_t n;
	char text[1 + INET6_ADDRSTRLEN];
	bool ok;

	if (slots == NULL || q == 0)
		return true;
	text[0] = kinds[l].name[0];
	n = strnlen(key, sizeof(text) - 1);
	memcpy(text + 1, key, n);
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)text,
	    n + 1, secret);
	s = slot_of(hash | 1, now);
	if (s == NULL) /* more keys at once than the table holds: let them */
		return true;
	was = atomic_load(&s->full_ns);
	do {
		full = was;
		ok = limit_take(&full, now, q, kinds[l].window_s, &left,
		    &wait_s);
	} while (ok && !atomic_compare_exchange_weak(&s->full_ns, &was, full));
	r->quota = (struct quota) { kinds[l].name, q, kinds[l].window_s, left,
		wait_s };
	if (ok)
		return true;
	reply_header(r, "retry-after", arena_printf(&r->arena, "%u", wait_s));
	(void)fail(r, E_LIMIT, "too_many_requests",
	    "请求过于频繁，请稍后再试", "Too many requests: wait a little.");
	return false;
}

static struct slot *
slot_of(uint64_t key, uint64_t now)
{
	for (unsigned i = 0; i < PROBES; i++) {
		struct slot *s = &slots[(key + i) & (SLOTS - 1)];

		if (atomic_load(&s->key) == key)
			return s;
	}
	for (unsigned i = 0; i < PROBES; i++) {
		struct slot *s = &slots[(key + i) & (SLOTS - 1)];
		uint64_t other = atomic_load(&s->key);

		if (atomic_load(&s->full_ns) <= now &&
		    atomic_compare_exchange_strong(&s->key, &other, key))
			return s;
	}
	return NULL;
}

static uint64_t
clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

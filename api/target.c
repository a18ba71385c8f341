/* Where the server may send by itself. */
#include "target.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

#define URL_MAX 500

/* Networks of IPv4 that are not the public one. */
static const struct net {
	uint32_t at;
	unsigned bits;
	bool local; /* private networks and this machine */
} nets[] = {
	{ 0x00000000, 8, false },  /* this network */
	{ 0x0a000000, 8, true },
	{ 0x646464c8, 32, false }, /* 100.100.100.200, metadata */
	{ 0x64400000, 10, true },  /* carrier's */
	{ 0x7f000000, 8, true },
	{ 0xa9fe0000, 16, false }, /* link-local, metadata */
	{ 0xac100000, 12, true },
	{ 0xc0000000, 24, false }, /* protocol assignments */
	{ 0xc0000200, 24, false }, /* documentation */
	{ 0xc0586300, 24, false }, /* 6to4 relays */
	{ 0xc0a80000, 16, true },
	{ 0xc6120000, 15, false }, /* benchmarks */
	{ 0xc6336400, 24, false },
	{ 0xcb007100, 24, false },
	{ 0xe0000000, 4, false },  /* multicast */
	{ 0xf0000000, 4, false },  /* reserved, broadcast */
};

static const char *split(const char *url, struct target *);
static bool host_name(const char *, size_t);
static bool host_v4(const char *, size_t);
static bool numeric(const char *, size_t);
static bool port_read(const char *, size_t, unsigned *);
static bool listed(const char *list, struct target *);
static bool fits(const char *pattern, size_t, const struct target *);
static bool v4_allowed(uint32_t, bool local);
static bool v6_allowed(const unsigned char at[16], bool local);

const char *
target_read(const char *list, const char *url, struct target *t)
{
	const char *wrong = split(url, t);

	if (wrong != NULL)
		return wrong;
	if (!listed(list, t))
		return "target_not_allowed";
	if (!t->tls && !t->local)
		return "https_required";
	return NULL;
}

bool
target_address(const struct sockaddr *a, socklen_t len, bool local)
{
	if (a->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;

		memcpy(&in, a, sizeof in);
		return v4_allowed(ntohl(in.sin_addr.s_addr), local);
	}
	if (a->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in;

		memcpy(&in, a, sizeof in);
		return v6_allowed(in.sin6_addr.s6_addr, local);
	}
	return false;
}

/* Scheme, host, port; the rest need only be plain. No user, no fragment, and
 * no host that two readers could take for different ones. */
static const char *
split(const char *url, struct target *t)
{
	const char *host, *end;
	size_t n;

	memset(t, 0, sizeof *t);
	if (strlen(url) > URL_MAX)
		return "bad_url";
	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 127 || strchr("\\\"<>^`{|}#", *p))
			return "bad_url";
	t->tls = strncmp(url, "https://", 8) == 0;
	if (!t->tls && strncmp(url, "http://", 7) != 0)
		return "https_required";
	host = url + (t->tls ? 8 : 7);
	end = host + strcspn(host, "/?");
	if (memchr(host, '@', (size_t)(end - host)) != NULL)
		return "bad_url";
	n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
	if (n == 0 || n >= sizeof t->host || host + n > end)
		return "bad_url";
	for (size_t i = 0; i < n; i++)
		t->host[i] = (char)tolower((unsigned char)host[i]);
	if (*host == '[') {
		struct in6_addr in;
		char bare[sizeof t->host];

		snprintf(bare, sizeof bare, "%.*s", (int)n - 2, t->host + 1);
		if (inet_pton(AF_INET6, bare, &in) != 1)
			return "bad_url";
	} else if (numeric(t->host, n) ? !host_v4(t->host, n)
				       : !host_name(t->host, n)) {
		return "bad_url";
	}
	t->port = t->tls ? 443 : 80;
	if (host + n < end && (host[n] != ':' ||
	    !port_read(host + n + 1, (size_t)(end - host) - n - 1, &t->port)))
		return "bad_url";
	return NULL;
}

static bool
host_name(const char *s, size_t n)
{
	bool start = true;

	if (n > TARGET_HOST_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' || s[i] == '-') {
			if (start || (s[i] == '.' && s[i - 1] == '-'))
				return false;
			start = s[i] == '.';
			continue;
		}
		if (!islower((unsigned char)s[i]) &&
		    !isdigit((unsigned char)s[i]))
			return false;
		start = false;
	}
	return !start && s[n - 1] != '-';
}

/* 127.1, 0x7f.1 and 2130706433 are addresses to some readers: whatever ends
 * in a number must be four plain decimal ones. */
static bool
numeric(const char *s, size_t n)
{
	size_t last = n;

	while (last > 0 && s[last - 1] != '.')
		last--;
	if (last == n)
		return true; /* ends in a dot; no plain address either */
	if (s[last] == '0' && s[last + 1] == 'x')
		return true;
	for (size_t i = last; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

static bool
host_v4(const char *s, size_t n)
{
	struct in_addr in;
	char bare[16];

	if (n >= sizeof bare)
		return false;
	snprintf(bare, sizeof bare, "%.*s", (int)n, s);
	return inet_pton(AF_INET, bare, &in) == 1; /* no leading zeros */
}

static bool
port_read(const char *s, size_t n, unsigned *out)
{
	if (n == 0 || n > 5 || strspn(s, "0123456789") < n)
		return false;
	*out = (unsigned)strtoul(s, NULL, 10);
	return *out > 0 && *out < 65536;
}

static bool
listed(const char *list, struct target *t)
{
	bool any = false;

	while (*(list += strspn(list, " \t")) != '\0') {
		size_t n = strcspn(list, " \t");
		bool local = n > 6 && strncmp(list, "local:", 6) == 0;
		size_t skip = local ? 6 : 0;

		if (fits(list + skip, n - skip, t)) {
			any = true;
			t->local = t->local || local;
		}
		list += n;
	}
	return any;
}

/* host, *.domain, each with :port; without, the scheme's own. */
static bool
fits(const char *pattern, size_t n, const struct target *t)
{
	size_t len = strlen(t->host), host = n;
	unsigned port = t->tls ? 443 : 80;

	for (size_t i = n; i > 0 && pattern[i - 1] != ']'; i--) {
		if (pattern[i - 1] != ':')
			continue;
		if (!port_read(pattern + i, n - i, &port))
			return false;
		host = i - 1;
		break;
	}
	if (port != t->port || host == 0)
		return false;
	if (host > 2 && pattern[0] == '*' && pattern[1] == '.')
		return len > host - 1 && strncasecmp(t->host + len -
		    (host - 1), pattern + 1, host - 1) == 0;
	return len == host && strncasecmp(t->host, pattern, host) == 0;
}

static bool
v4_allowed(uint32_t at, bool local)
{
	for (size_t i = 0; i < COUNT(nets); i++) {
		uint32_t mask = 0xffffffffu << (32 - nets[i].bits);

		if ((at & mask) == nets[i].at)
			return nets[i].local && local;
	}
	return true;
}

/* Only what is global unicast, and IPv4 in it by the rules of IPv4. */
static bool
v6_allowed(const unsigned char a[16], bool local)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff };
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };
	static const unsigned char loopback[16] = { [15] = 1 };
	uint32_t v4 = (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 |
	    (uint32_t)a[14] << 8 | a[15];

	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return v4_allowed(v4, local);
	if (memcmp(a, loopback, 16) == 0 || (a[0] & 0xfe) == 0xfc)
		return local;
	if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
		return v4_allowed((uint32_t)a[2] << 24 | (uint32_t)a[3] << 16 |
		    (uint32_t)a[4] << 8 | a[5], false);
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 2) /* Teredo and others */
		return false;
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8)
		return false; /* documentation */
	return (a[0] & 0xe0) == 0x20;
}

/*
 * Where the server may send by itself: hosts the installation names, over
 * https, at addresses of the public network; nothing else, whatever a name
 * resolves to at the moment of connecting. Pure, so that tests can be hostile.
 *
 * The list (TAIZHANG_WEBHOOK_HOSTS) is blank separated: hook.example.cn, or
 * *.example.cn, each with :port if that is not 443; behind local: also plain
 * http and the addresses of private networks and of this machine are allowed.
 */
#ifndef API_TARGET_H
#define API_TARGET_H

#include <stdbool.h>
#include <sys/socket.h>

#define TARGET_HOST_MAX 253

struct target {
	bool tls;
	bool local;	  /* allowed at private addresses */
	char host[TARGET_HOST_MAX + 3]; /* lower case; [ ] around IPv6 */
	unsigned port;
};

/* NULL if it may be sent to, else what is wrong: a stable code. */
const char *target_read(const char *list, const char *url, struct target *);
/* Whether a socket may be connected to this address. */
bool target_address(const struct sockaddr *, socklen_t, bool local);

#endif

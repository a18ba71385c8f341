/* Reads agent.conf: key = value lines, one [binding] section per folder. */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONF_BYTES_MAX (1 << 20)

struct reader {
	struct arena *arena;
	const char *name, *dir;
	unsigned line;
	struct conf *conf;
	struct conf_binding *binding; /* the open section, or NULL */
	char *why;
	size_t why_size;
};

enum conf_type { T_TEXT, T_PATH, T_NUMBER, T_YESNO };

struct key {
	const char *name;
	enum conf_type type;
	size_t offset;
	long min, max;
};

static const struct key global_keys[] = {
	{ "api", T_TEXT, offsetof(struct conf, api), 0, 0 },
	{ "state", T_PATH, offsetof(struct conf, state), 0, 0 },
	{ "ca_file", T_PATH, offsetof(struct conf, ca_file), 0, 0 },
	{ "cert_file", T_PATH, offsetof(struct conf, cert_file), 0, 0 },
	{ "key_file", T_PATH, offsetof(struct conf, key_file), 0, 0 },
	{ "settle_s", T_NUMBER, offsetof(struct conf, settle_s), 0, 3600 },
	{ "scan_s", T_NUMBER, offsetof(struct conf, scan_s), 1, 86400 },
	{ "network_scan_s", T_NUMBER, offsetof(struct conf, network_scan_s),
	    1, 86400 },
	{ "write_back_s", T_NUMBER, offsetof(struct conf, write_back_s), 0,
	    86400 },
	{ "free_floor_mib", T_NUMBER, offsetof(struct conf, free_floor_mib),
	    1, 1 << 30 },
	{ "file_limit_mib", T_NUMBER, offsetof(struct conf, file_limit_mib),
	    1, 1024 },
	{ "debug", T_NUMBER, offsetof(struct conf, debug), 0, 1 },
};
static const struct key binding_keys[] = {
	{ "folder", T_PATH, offsetof(struct conf_binding, folder), 0, 0 },
	{ "token_file", T_PATH, offsetof(struct conf_binding, token_file), 0,
	    0 },
	{ "network", T_YESNO, offsetof(struct conf_binding, network), 0, 0 },
};

static bool line_read(struct reader *, char *);
static bool section_open(struct reader *, const char *);
static bool section_close(struct reader *);
static bool value_set(struct reader *, const struct key *, void *,
    const char *);
static bool conf_complete(struct reader *);
static bool refuse(struct reader *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
static char *trim(char *);

bool
conf_read(struct arena *a, const char *path, struct conf *out, char *why,
    size_t why_size)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return false;
	}
	char *text = arena_alloc(a, CONF_BYTES_MAX + 1);
	size_t n = fread(text, 1, CONF_BYTES_MAX + 1, f);
	bool bad = ferror(f) || n > CONF_BYTES_MAX || memchr(text, 0, n);
	fclose(f);
	if (bad) {
		snprintf(why, why_size, "%s: not a configuration file", path);
		return false;
	}
	text[n] = '\0';
	char *real = realpath(path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;
	if (slash)
		*slash = '\0';
	const char *dir = arena_strdup(a, slash && *real ? real : "");
	free(real);
	return conf_parse(a, path, dir, text, out, why, why_size);
}

bool
conf_parse(struct arena *a, const char *name, const char *dir, char *text,
    struct conf *out, char *why, size_t why_size)
{
	*out = (struct conf){
		.scan_s = 60,
		.network_scan_s = 300,
		.write_back_s = -1,
		.free_floor_mib = 1024,
		.file_limit_mib = 20,
		.binding = arena_array(a, CONF_BINDINGS_MAX,
		    sizeof(struct conf_binding)),
	};
	struct reader r = {
		.arena = a, .name = name, .dir = dir, .conf = out,
		.why = why, .why_size = why_size,
	};
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (text) {
		char *line = strsep(&text, "\n");
		r.line++;
		if (!line_read(&r, trim(line)))
			return false;
	}
	return section_close(&r) && conf_complete(&r);
}

static bool
line_read(struct reader *r, char *line)
{
	if (*line == '\0' || *line == '#' || *line == ';')
		return true;
	if (*line == '[')
		return section_open(r, line);
	char *eq = strchr(line, '=');
	if (!eq)
		return refuse(r, "expected key = value");
	*eq = '\0';
	const char *key = trim(line), *value = trim(eq + 1);
	const struct key *keys = r->binding ? binding_keys : global_keys;
	size_t n = r->binding ? sizeof binding_keys / sizeof *binding_keys
			      : sizeof global_keys / sizeof *global_keys;
	void *into = r->binding ? (void *)r->binding : (void *)r->conf;
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].name, key) == 0)
			return value_set(r, &keys[i], into, value);
	return refuse(r, "unknown key \"%s\"%s", key,
	    r->binding ? " in [binding]" : "");
}

static bool
section_open(struct reader *r, const char *line)
{
	if (strcmp(line, "[binding]") != 0)
		return refuse(r, "unknown section %s", line);
	if (!section_close(r))
		return false;
	if (r->conf->nbindings == CONF_BINDINGS_MAX)
		return refuse(r, "more than %d bindings", CONF_BINDINGS_MAX);
	r->binding = &r->conf->binding[r->conf->nbindings++];
	r->binding->line = r->line;
	return true;
}

static bool
section_close(struct reader *r)
{
	const struct conf_binding *b = r->binding;
	if (!b)
		return true;
	unsigned line = r->line;
	r->line = b->line;
	if (!b->folder)
		return refuse(r, "[binding] without folder");
	if (!b->token_file)
		return refuse(r, "[binding] without token_file");
	for (const struct conf_binding *o = r->conf->binding; o < b; o++)
		if (strcmp(o->folder, b->folder) == 0)
			return refuse(r, "folder %s is bound twice (line %u)",
			    b->folder, o->line);
	r->line = line;
	return true;
}

static bool
value_set(struct reader *r, const struct key *k, void *into,
    const char *value)
{
	void *field = (char *)into + k->offset;
	if (*value == '\0')
		return refuse(r, "%s has no value", k->name);
	if (k->type == T_NUMBER) {
		char *end;
		errno = 0;
		long n = strtol(value, &end, 10);
		if (errno || *end || n < k->min || n > k->max)
			return refuse(r, "%s must be a number from %ld to %ld",
			    k->name, k->min, k->max);
		memcpy(field, &n, sizeof n);
		return true;
	}
	if (k->type == T_YESNO) {
		bool yes = strcmp(value, "yes") == 0;
		if (!yes && strcmp(value, "no") != 0)
			return refuse(r, "%s must be yes or no", k->name);
		memcpy(field, &yes, sizeof yes);
		return true;
	}
	char *s = k->type == T_PATH && *value != '/'
	    ? arena_printf(r->arena, "%s/%s", r->dir, value)
	    : arena_strdup(r->arena, value);
	for (size_t n = strlen(s); n > 1 && s[n - 1] == '/'; n--)
		s[n - 1] = '\0';
	memcpy(field, &s, sizeof s);
	return true;
}

static bool
conf_complete(struct reader *r)
{
	const struct conf *c = r->conf;
	if (!c->api)
		return refuse(r, "api is missing");
	if (strncmp(c->api, "http://", 7) && strncmp(c->api, "https://", 8))
		return refuse(r, "api must begin with http:// or https://");
	if (!c->state)
		return refuse(r, "state is missing");
	if (!c->cert_file != !c->key_file)
		return refuse(r, "cert_file and key_file go together");
	for (size_t i = 0; i < c->nbindings; i++) {
		size_t n = strlen(c->binding[i].folder);
		if (strncmp(c->state, c->binding[i].folder, n) == 0 &&
		    (c->state[n] == '/' || c->state[n] == '\0'))
			return refuse(r, "state must not lie in the shared "
			    "folder %s", c->binding[i].folder);
	}
	return true;
}

static bool
refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(r->why, r->why_size, "%s:%u: ", r->name, r->line);
	if (n < 0 || (size_t)n >= r->why_size)
		return false;
	va_start(ap, fmt);
	vsnprintf(r->why + n, r->why_size - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

static char *
trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	size_t n = strlen(s);
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

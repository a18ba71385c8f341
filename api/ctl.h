/* taizhangctl: the administrator's command line. */
#ifndef API_CTL_H
#define API_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What a command ends with. */
enum { CTL_OK = 0, CTL_REFUSED = 1, CTL_USAGE = 2, CTL_UNREACHABLE = 3 };

struct ctl {
	const char *api;	/* base URL */
	const char *token_file; /* where login keeps the token; or NULL */
};

typedef int ctl_command(struct ctl *, int argc, char **argv);
ctl_command ctl_init_admin, ctl_login, ctl_user_add, ctl_load,
    ctl_binding_add, ctl_bindings, ctl_sync_status, ctl_openapi, ctl_get,
    ctl_files_verify, ctl_files_sweep, ctl_audit_verify, ctl_audit_key,
    ctl_auditor_add, ctl_auditor_end, ctl_auditors;

/* --name VALUE or --name=VALUE. */
struct ctl_option {
	const char *name;
	const char **value;
	bool required;
};

/* Fills the options' values; false after saying what is wrong. *rest is the
 * first argument that is no option; NULL: there may be none. */
bool ctl_options(int argc, char **argv, const struct ctl_option *, size_t n,
    int *rest);
/* One sentence on standard error, Chinese first; returns code. */
int ctl_fail(int code, const char *zh, const char *en, const char *what);

/* One call of the API; body may be NULL. CTL_OK: *reply is the parsed answer
 * (NULL if it had none), to be released. Else it was said on standard error;
 * what names what was being done. */
int ctl_call(struct ctl *, const char *method, const char *path,
    const json_t *body, const char *what, json_t **reply);

/* The questionnaires of a file; repeatable. what names the file. */
int ctl_forms(struct ctl *, const json_t *forms, const char *what);
/* The same of what organisations cover. */
int ctl_coverages(struct ctl *, const json_t *list, const char *what);

/* One line of standard input without its end, to be wiped and freed; without
 * echo from a terminal. NULL after saying so. */
char *ctl_password(void);
void ctl_forget(char *password);
/* Creates a file only its owner may read; 0 or CTL_REFUSED. */
int ctl_keep(const char *path, const char *line);

#endif

/*
 * What the seal covers (sync-and-security.md 4.6), as bytes: the one
 * description that the sealer, the verifier and the inclusion proofs share.
 *
 *	leaf   = "taizhang audit 1\n", then each column of AUDIT_COLUMNS in
 *	         order, the names of the fields that changed, the row's root
 *	column = length, 4 bytes, big endian; the text as PostgreSQL prints
 *	         it. Null: ff ff ff ff, and nothing more.
 *
 * The row's root binds the revision in history without repeating it, one
 * commitment per field, so that a field may be erased and the log still
 * verifies (4.5): what is forgotten is its salt, which nobody can guess.
 *
 *	salt       = SHA-256(seed of the leaf ‖ name), its first 16 bytes
 *	commitment = SHA-256(salt ‖ name ‖ 00 ‖ value as jsonb prints it)
 *	root       = SHA-256 of every name ‖ 00 ‖ commitment, in jsonb's order;
 *	             null is the same as absent
 */
#ifndef API_AUDIT_LEAF_H
#define API_AUDIT_LEAF_H

#include "base/buf.h"
#include "merkle.h"

#define AUDIT_COLUMNS \
	"e.id, e.txid, (extract(epoch FROM e.at) * 1000000)::bigint," \
	" e.verb, e.outcome, e.entity, e.row_id, e.rev, e.division_code," \
	" e.line, e.sensitivity, e.actor, e.channel, e.request, e.route," \
	" e.remote, e.session, e.grant_id, e.client, e.via, e.viewer," \
	" e.binding, e.batch, e.file_sha, e.detail::text"
#define AUDIT_NCOLUMNS 25
enum { A_ID, A_TXID, A_AT, A_VERB, A_OUTCOME, A_ENTITY, A_ROW, A_REV,
	A_DIVISION, A_LINE, A_SENSITIVITY, A_DETAIL = AUDIT_NCOLUMNS - 1 };
extern const char *const audit_columns[AUDIT_NCOLUMNS]; /* their names */

#define SALT_LEN 16
#define SEED_LEN 16

/* Appends the bytes of the leaf. value[i] NULL = null; fields and root NULL:
 * the event is not of a revision. */
void audit_leaf(struct buf *, const char *const value[AUDIT_NCOLUMNS],
    const char *fields, const unsigned char *root);

/* Members of an object as jsonb prints it, one after the other. */
struct member {
	const char *key, *value;
	size_t key_len, value_len;
};
bool member_next(const char **at, struct member *); /* begins at the { */

void audit_salt(const unsigned char seed[SEED_LEN], const struct member *,
    unsigned char salt[SALT_LEN]);
void audit_commit(const unsigned char salt[SALT_LEN], const struct member *,
    unsigned char out[HASH_LEN]);
/* What was erased, and what was kept of the others, when a seed is gone. */
struct kept {
	const char *key; /* NULL ends the list */
	const unsigned char *salt; /* NULL: erased, only this is left: */
	const unsigned char *commitment;
};
/* The root of a row of history; of kept when it is given, else of seed. False:
 * an erased field has a value, or one with a value is not among the kept. */
bool audit_root(const char *data, const unsigned char *seed,
    const struct kept *, unsigned char out[HASH_LEN]);
/* The names of the members in which two revisions differ, blank separated;
 * was NULL: none. */
void audit_fields(struct buf *, const char *was, const char *is);

#endif

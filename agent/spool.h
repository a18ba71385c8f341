/*
 * Private copies of what staff saved: read once, without following anything,
 * durable before anybody acts on it, named by their SHA-256 (1.3).
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/uid.h"

/* What stat says of a file; equal means not touched, unless racy. */
struct tuple {
	int64_t dev, ino, size, mtime_ns, ctime_ns;
};

enum spooled {
	SPOOL_OK,
	SPOOL_GONE,	   /* no such file any more */
	SPOOL_CHANGED,	   /* grew or changed under our eyes: later */
	SPOOL_BUSY,	   /* somebody writes it (lease refused): later */
	SPOOL_NOT_REGULAR, /* link, FIFO, device, socket, another mount */
	SPOOL_LINKED,	   /* has a second name: could be anybody's file */
	SPOOL_TOO_LARGE,
	SPOOL_DENIED,	   /* we may not read it */
	SPOOL_IO,	   /* our own disk: stop observing */
};

struct spool {
	int dir_fd;	   /* the spool directory, ours, 0700 */
	size_t limit;	   /* bytes of one file */
};

/* Opens or makes state_fd/spool and sweeps what a crash left. */
bool spool_open(struct spool *, int state_fd, size_t limit);
void spool_close(struct spool *);

/* Opens path below root without leaving it, following or blocking. -1 and
 * errno: ELOOP, EXDEV, ENOENT … */
int open_beneath(int root_fd, const char *path, int flags);
void tuple_of(const struct stat *, struct tuple *);
bool tuple_equal(const struct tuple *, const struct tuple *);
/* git's rule: too fresh to be told from a change in the same instant. */
bool tuple_racy(const struct tuple *, int64_t now_ns);

/* lease: also take a read lease, on disks that know leases. */
enum spooled spool_take(struct spool *, int root_fd, const char *path,
    bool lease, char sha[SHA_HEX_LEN + 1], struct tuple *);
/* The copy, for reading; -1 if it is not there. */
int spool_get(const struct spool *, const char *sha);
void spool_drop(const struct spool *, const char *sha);
/* Names of all copies, one call each. */
void spool_each(const struct spool *, void (*)(void *, const char *sha),
    void *);

/* SHA-256 of an open file from its start; false on a read error. */
bool sha_of_fd(int fd, char sha[SHA_HEX_LEN + 1]);

#endif

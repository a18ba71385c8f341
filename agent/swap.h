/*
 * Puts our workbook in the place of the one staff saved, only if that is
 * still the one we read and nobody has it open; what stood there is kept
 * (sync-and-security.md 1.8, I12, I13). The caller has journalled the intent;
 * after a crash swap_recover() decides by hashes alone.
 */
#ifndef AGENT_SWAP_H
#define AGENT_SWAP_H

#include <stdbool.h>

#define OWN_DIR ".ledger-sync"

enum swapped {
	SWAP_DONE,
	SWAP_BUSY,    /* somebody has it open: later */
	SWAP_CHANGED, /* no longer what we read: observe it again */
	SWAP_GONE,    /* the name is free now */
	SWAP_FAILED,  /* the disk refused; nothing is changed */
};

struct swap {
	int root_fd;
	const char *path;    /* the workbook, below root */
	const char *tmp;     /* ours: a name in .ledger-sync/tmp */
	const char *version; /* free name in .ledger-sync/kept */
	const char *h0, *h1; /* SHA-256 of theirs and of ours */
	bool network;	     /* leases mean nothing there */
	/* Called between the steps; for tests. May be NULL. */
	void (*at)(void *, int step);
	void *arg;
};

enum swapped swap(const struct swap *);
/* DONE: the target is ours. Otherwise it is theirs, whatever it is. */
enum swapped swap_recover(const struct swap *);

/* Somebody has it open, as far as the disk can tell. */
bool swap_busy(int root_fd, const char *path);

/* A new file .ledger-sync/tmp/<name>, 0600; -1 on failure. */
int swap_tmp(int root_fd, const char *name);
/* Owner, mode and extended attributes of the file at path, as far as we
 * may; then durable. */
bool swap_dress(int root_fd, const char *path, int tmp_fd);
/* Places .ledger-sync/tmp/<name> at path unless the name is taken. */
bool swap_place(int root_fd, const char *tmp, const char *path);
void swap_drop(int root_fd, const char *tmp);
/* What crashes left in .ledger-sync/tmp, unless it is of this hour: another
 * agent may be at work. */
void swap_sweep(int root_fd);
/* .ledger-sync with its two folders, 0700; false if it cannot be. */
bool swap_dirs(int root_fd);

#endif

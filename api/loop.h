/* File descriptors on Kore's event loop, for files that do not speak Kore. */
#ifndef API_LOOP_H
#define API_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct watch;

/* Calls ready(arg) whenever fd is readable (level-triggered), at its end, or
 * in error. NULL when every place is taken. */
struct watch *loop_watch(int fd, void (*ready)(void *arg), void *arg);
/* Also when writable. fd: the descriptor now, which may have changed. */
void loop_watch_write(struct watch *, int fd, bool on);
/* Before the descriptor is closed, or right after. NULL-safe. */
void loop_unwatch(struct watch *);
/* Once per tick: places given up become free. */
void loop_sweep(void);

uint64_t now_ms(void); /* monotonic */
/* The same some milliseconds ago, for next to nothing: for deadlines. */
uint64_t now_about_ms(void);
/* Calls once, when this turn of the loop has handled its requests. */
void loop_soon(void (*call)(void *, uint64_t), void *);

uint64_t now_us(void);

#endif

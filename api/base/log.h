/* One line per event on standard error: time level key=value … */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_level(enum level);
/* fmt is the key=value part; values with blanks are quoted by %s callers
 * through log_q(). No personal data, no cell contents, no tokens. */
void log_line(enum level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of texts put together, NULL-ended: for what every request says. */
void log_texts(enum level, const char *, ...) __attribute__((sentinel));
/* While it is on, lines of LOG_INFO wait for log_flush(), for the next line
 * of another level, or until too many have gathered: one write for many. */
void log_hold(bool);
/* Writes what waits; safe in a signal handler. */
void log_flush(void);
/* A quoted, escaped copy of s in one of eight rotating static buffers. */
const char *log_q(const char *s);

#endif

/* Checks of single values that no range can say; used by the chapters. */
#ifndef MODEL_CHECK_H
#define MODEL_CHECK_H

#include <stdbool.h>

/* 2023, 2023-04 or 2023-04-06, and a day that exists. */
bool check_partial_date(const char *, const char **zh, const char **en);
/* Telephone numbers: phone.h. */
bool check_phone(const char *, const char **zh, const char **en);
/* Unified social credit code: 18 digits and capital letters. */
bool check_uscc(const char *, const char **zh, const char **en);
/* A year, a quarter or a month: 2024, 2024Q1, 2024-03. */
bool check_period(const char *, const char **zh, const char **en);

#endif

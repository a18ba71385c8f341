/*
 * Why a workbook was not read, as a code and as a sentence for people that
 * says what to do. The first reason stays; later ones are consequences.
 */
#ifndef XLSX_REFUSE_H
#define XLSX_REFUSE_H

#include "workbook.h"

struct why {
	enum refusal code;
	char zh[512];
	char en[512];
};

/*
 * The standing sentence of the code, preceded by the detail if there is one
 * ("" or NULL: none). Returns the code that now stands.
 */
enum refusal refuse(struct why *, enum refusal, const char *zh_detail,
    const char *en_detail);
/* The same with a printf detail in each language, from the same values. */
enum refusal refuse_at(struct why *, enum refusal, const char *zh,
    const char *en, ...) __attribute__((format(printf, 3, 5)))
    __attribute__((format(printf, 4, 5)));
const char *refusal_name(enum refusal);

#endif

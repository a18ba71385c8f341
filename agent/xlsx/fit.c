/* See fit.h. A column is about its width of narrow characters wide. */
#include "fit.h"

static double advance(unsigned char);

double
text_width(const char *s)
{
	double w = 0;

	for (; *s != '\0'; s++)
		w += advance((unsigned char)*s);
	return w;
}

unsigned
lines_at(const char *s, double width)
{
	unsigned lines = 1;
	double used = 0;

	for (; *s != '\0'; s++) {
		double w = advance((unsigned char)*s);

		if (*s == '\n' || used + w > width - 0.5) {
			lines++;
			used = 0;
		}
		if (*s != '\n')
			used += w;
	}
	return lines;
}

double
height_of(unsigned lines, double least)
{
	double h = lines * LINE_HEIGHT + 5;

	return h < least ? least : h > HEIGHT_MOST ? HEIGHT_MOST : h;
}

/* By the first byte of a character. */
static double
advance(unsigned char c)
{
	return (c & 0xc0) == 0x80 ? 0 : c < 0x80 ? 1 : 2;
}

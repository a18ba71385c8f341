/* How deep a JSON text nests, before a parser recurses into it. */
#include "json_depth.h"

bool
json_depth_ok(const char *s, size_t n, unsigned max)
{
	bool text = false;
	unsigned depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (text) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				text = false;
		} else if (s[i] == '"') {
			text = true;
		} else if (s[i] == '{' || s[i] == '[') {
			if (++depth > max)
				return false;
		} else if ((s[i] == '}' || s[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

/* The strict scanner against expat, on every awkward place of a document. */
#include <stdlib.h>

#include "base/err.h"
#include "check.h"
#include "xlsx_events.h"
#include "xlsx_pack.h"

#define BLOCK 65536u	/* what the scanner reads at a time */

static const struct {
	const char *xml;
	bool good;
} document[] = {
	{ "<a/>", true },
	{ "<a></a>", true },
	{ "<?xml version='1.0'?><a/>", true },
	{ "\xef\xbb\xbf<?xml version=\"1.0\" encoding='utf-8' ?>\n<a/>\n", true },
	{ "<!-- x --><a><!----></a><?pi x?><!-- y -->", true },
	{ "<a b='1' c=\"2\"  d = '3'\n/>", true },
	{ "<a b='&lt;&gt;&amp;&quot;&apos;&#65;&#x4e00;&#x1F600;'/>", true },
	{ "<a b='x\ty\nz\r\nw\rv'/>", true },
	{ "<a>x\r\ny\rz&#13;w\r\r\n</a>", true },
	{ "<a>]] > ]>&#93;]&gt; ]]&gt;</a>", true },
	{ "<a><![CDATA[<b>&amp;]]]]><![CDATA[>\r\n]]></a>", true },
	{ "<a xmlns='u'><b xmlns=''/><c xmlns:p='v' p:d='1'><p:e/></c></a>",
	    true },
	{ "<x:a xmlns:x='" PACK_MAIN "'><x:b/></x:a>", true },
	{ "<a xmlns='" PACK_MAIN "' xml:space='preserve'> <b/> </a>", true },
	{ "<a>台账<名 字='值'/></a>", true },
	{ "<m:AlternateContent xmlns:m='http://schemas.openxmlformats.org/"
	    "markup-compatibility/2006'><m:Choice Requires='x'><a>no</a>"
	    "</m:Choice><m:Fallback><a>yes</a></m:Fallback>"
	    "</m:AlternateContent>", true },
	{ "", false }, { " ", false }, { "x", false }, { "<a>", false },
	{ "<a></b>", false }, { "<a/><b/>", false }, { "<a/>x", false },
	{ "x<a/>", false }, { "</a>", false }, { "<a", false },
	{ "< a/>", false }, { "<a / >", false }, { "<a b/>", false },
	{ "<a b=1/>", false }, { "<a b='1'c='2'/>", false },
	{ "<a b='1' b='2'/>", false }, { "<a b='<'/>", false },
	{ "<a b='&'/>", false }, { "<a>&</a>", false },
	{ "<a>&unknown;</a>", false }, { "<a>&#0;</a>", false },
	{ "<a>&#xd800;</a>", false }, { "<a>&#x110000;</a>", false },
	{ "<a>&#;</a>", false }, { "<a>&#x;</a>", false },
	{ "<a>&#X41;</a>", false }, { "<a>&#x4g;</a>", false },
	{ "<a>]]></a>", false }, { "<a><![CDATA[x]]</a>", false },
	{ "<![CDATA[x]]><a/>", false }, { "<a><!-- -- --></a>", false },
	{ "<a><!-- x --->", false }, { "<a><!-></a>", false },
	{ "<a><?xml version='1.0'?></a>", false },
	{ " <?xml version='1.0'?><a/>", false }, { "<a><?", false },
	{ "<p:a/>", false }, { "<a p:b='1'/>", false },
	{ "<a xmlns:p=''/>", false }, { "<a:b:c xmlns:a='x'/>", false },
	{ "<1a/>", false }, { "<a -b='1'/>", false },
	{ "<a>\xff</a>", false }, { "<a>\xe5\x8f</a>", false },
	{ "<a>\xc0\x80</a>", false }, { "<a>\xed\xa0\x80</a>", false },
	{ "<a>\x01</a>", false }, { "<a>\xef\xbf\xbf</a>", false },
	{ "<a>\xe5\x8f", false },
};

/* The events of one engine, or how it refused. */
static enum refusal
events(const void *xml, size_t len, bool expat, struct buf *out)
{
	const struct pack_part part = { "a.xml", xml, len };
	struct xml_handler handler = { .arg = out, .start = event_start,
		.end = event_end, .text = event_text };
	struct why why = { 0 };
	struct zip zip;
	int fd;

	fd = pack_fd(&part, 1);
	assert_true(fd >= 0);
	assert_int_equal(zip_open(&zip, fd, &budget_default, &why), READ_OK);
	buf_init(out, (size_t)64 << 20);
	if (expat)
		xml_expat(&zip, &zip.entry[0], &handler);
	else
		xml_scan(&zip, &zip.entry[0], &handler);
	zip_close(&zip);
	close(fd);
	return why.code;
}

static bool
alike(const char *xml, size_t len, bool good)
{
	struct buf mine, theirs;
	enum refusal a, b;
	bool same;

	a = events(xml, len, false, &mine);
	b = events(xml, len, true, &theirs);
	same = a == b && (a == READ_OK) == good &&
	    (!good || strcmp(mine.data, theirs.data) == 0);
	if (!same)
		print_error("%.60s: scanner %d %.200s\nexpat %d %.200s\n",
		    len < 200 ? xml : xml + len - 60, a, mine.data, b,
		    theirs.data);
	buf_free(&mine);
	buf_free(&theirs);
	return same;
}

static void
same_as_expat(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(document); i++)
		/* a part of no bytes is not what an empty string packs to */
		if (document[i].xml[0] != '\0')
			assert_true(alike(document[i].xml,
			    strlen(document[i].xml), document[i].good));
}

/* Every document, moved so that each of its bytes ends a block. */
static void
same_across_blocks(void **state)
{
	static const char head[] = "<r><!--", tail[] = "-->";
	size_t i, k, n, pad;
	char *xml;

	(void)state;
	xml = malloc(BLOCK + 4096);
	assert_non_null(xml);
	for (i = 0; i < COUNT(document); i++) {
		n = strlen(document[i].xml);
		if (n == 0 || strstr(document[i].xml, "<?xml") != NULL ||
		    strncmp(document[i].xml, "\xef\xbb", 2) == 0 ||
		    (!document[i].good && i % 3 != 0))
			continue;
		for (k = 0; k <= n; k++) {
			pad = BLOCK - k - strlen(head) - strlen(tail);
			memcpy(xml, head, strlen(head));
			memset(xml + strlen(head), 'x', pad);
			memcpy(xml + strlen(head) + pad, tail, strlen(tail));
			memcpy(xml + BLOCK - k, document[i].xml, n);
			memcpy(xml + BLOCK - k + n, "</r>", 4);
			/* inside a root even a bare text may be good */
			assert_true(alike(xml, BLOCK - k + n + 4,
			    document[i].good || strcmp(document[i].xml, "x")
			    == 0 || strcmp(document[i].xml, "<a/>x") == 0 ||
			    strcmp(document[i].xml, "x<a/>") == 0 ||
			    strcmp(document[i].xml, "<a/><b/>") == 0 ||
			    strcmp(document[i].xml, " ") == 0 ||
			    strcmp(document[i].xml, "<![CDATA[x]]><a/>")
			    == 0));
		}
	}
	free(xml);
}

/* Text far longer than a block, with something special at every place. */
static void
long_text(void **state)
{
	static const char *const bit[] = { "台", "&amp;", "\r\n", "]", "]]",
		"x", "&#x1F600;", "\r", " " };
	struct buf xml;
	unsigned seed;
	size_t round;

	(void)state;
	seed = 7;
	for (round = 0; round < 6; round++) {
		buf_init(&xml, (size_t)8 << 20);
		buf_str(&xml, round % 2 == 0 ? "<a>" : "<a b='");
		while (xml.len < 300000) {
			seed = seed * 1103515245u + 12345u;
			buf_str(&xml, bit[(seed >> 16) % COUNT(bit)]);
		}
		buf_str(&xml, round % 2 == 0 ? "</a>" : "'/>");
		assert_true(alike(xml.data, xml.len, true));
		buf_free(&xml);
	}
}

static void
limits(void **state)
{
	struct buf xml, out;
	size_t i;

	(void)state;
	buf_init(&xml, (size_t)16 << 20);
	for (i = 0; i <= XML_DEPTH; i++)
		buf_str(&xml, "<a>");
	assert_int_equal(events(xml.data, xml.len, false, &out),
	    REFUSED_BOMB);
	buf_free(&out);
	assert_int_equal(events(xml.data, xml.len, true, &out), REFUSED_BOMB);
	buf_free(&out);
	buf_reset(&xml);
	buf_str(&xml, "<a");
	for (i = 0; i <= XML_ATTRS; i++)
		buf_printf(&xml, " a%zu='1'", i);
	buf_str(&xml, "/>");
	assert_int_equal(events(xml.data, xml.len, false, &out),
	    REFUSED_BOMB);
	buf_free(&out);
	assert_int_equal(events(xml.data, xml.len, true, &out), REFUSED_BOMB);
	buf_free(&out);
	buf_reset(&xml);
	buf_str(&xml, "<a b='");
	for (i = 0; i < 5u << 20; i++)
		buf_char(&xml, 'x');
	buf_str(&xml, "'/>");
	assert_int_equal(events(xml.data, xml.len, false, &out),
	    REFUSED_BOMB);
	buf_free(&out);
	buf_free(&xml);
}

static void
doctype(void **state)
{
	static const char xml[] = "<!DOCTYPE a><a/>";
	struct buf out;

	(void)state;
	assert_int_equal(events(xml, strlen(xml), false, &out),
	    REFUSED_DOCTYPE);
	buf_free(&out);
	assert_int_equal(events(xml, strlen(xml), true, &out),
	    REFUSED_DOCTYPE);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_expat),
		cmocka_unit_test(same_across_blocks),
		cmocka_unit_test(long_text),
		cmocka_unit_test(limits),
		cmocka_unit_test(doctype),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

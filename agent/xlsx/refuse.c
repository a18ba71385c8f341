/* The sentences staff and administrators see when a file cannot be read. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "refuse.h"
#include "utf8.h"

#define MIB ((size_t)1 << 20)

/* Wide enough for every real workbook counted, narrow enough that none can
 * hurt the machine (xlsx.md 2.2, sync-and-security.md 4.4). */
const struct budget budget_default = {
	.packed = 20 * MIB,
	.entries = 2000,
	.inflated = 256 * MIB,
	.text = 64 * MIB,
	.cells = 2000000,
	.seconds = 10,
	.memory = 512 * MIB,
};

static const struct {
	const char *name, *zh, *en;
} sentence[] = {
	[READ_OK] = { "ok", "", "" },
	[REFUSED_EMPTY] = { "empty",
	    "文件是空的（0 字节），可能没有保存成功，请重新保存或重新复制。",
	    "The file is empty (0 bytes); save or copy it again." },
	[REFUSED_NOT_ZIP] = { "not_workbook",
	    "这不是 Excel 工作簿，请用 Excel 或 WPS 打开后另存为 .xlsx。",
	    "This is not an Excel workbook; open it in Excel or WPS and save "
	    "it as .xlsx." },
	[REFUSED_TRUNCATED] = { "truncated",
	    "文件不完整，可能还在复制；若十分钟后仍有此提示，请重新复制。",
	    "The file is cut short and may still be arriving; if this stays "
	    "for ten minutes, copy it again." },
	[REFUSED_DAMAGED] = { "damaged",
	    "文件已损坏，请用 Excel 或 WPS 打开并修复后另存为 .xlsx。",
	    "The file is damaged; open and repair it in Excel or WPS and save "
	    "it as .xlsx." },
	[REFUSED_ENCRYPTED] = { "encrypted",
	    "文件设有打开密码，请取消密码后重新保存。",
	    "The file is encrypted; remove the password and save it again." },
	[REFUSED_XLS] = { "xls",
	    "这是旧版 .xls 或 WPS .et 格式，请另存为 .xlsx。",
	    "This is the old .xls or the WPS .et format; save it as .xlsx." },
	[REFUSED_XLSB] = { "xlsb",
	    "这是二进制 .xlsb 格式，请另存为 .xlsx。",
	    "This is the binary .xlsb format; save it as .xlsx." },
	[REFUSED_HTML] = { "html",
	    "这是网页或 XML 表格，只是扩展名像 Excel，请用 Excel 或 WPS "
	    "打开后另存为 .xlsx。",
	    "This is HTML or XML under an Excel name; open it in Excel or WPS "
	    "and save it as .xlsx." },
	[REFUSED_ODS] = { "ods",
	    "这是 OpenDocument（.ods）表格，请另存为 .xlsx。",
	    "This is an OpenDocument (.ods) spreadsheet; save it as .xlsx." },
	[REFUSED_OWNER_FILE] = { "owner_file",
	    "这是打开表格时自动产生的占用标记（~$ 文件），不是台账，无需处理。",
	    "This is the lock file of an open workbook (~$…), not a ledger; "
	    "nothing needs to be done." },
	[REFUSED_MACROS] = { "active_content",
	    "文件含有宏、外部链接、嵌入对象或会联网的公式，请删除后另存为 "
	    ".xlsx（不带宏）。",
	    "The file holds macros, external links, embedded objects or "
	    "formulas that reach the network; remove them and save it as "
	    ".xlsx." },
	[REFUSED_DOCTYPE] = { "doctype",
	    "文件内含 DOCTYPE 声明，可能是恶意文件，已拒收；请用 Excel 或 WPS "
	    "重新另存为 .xlsx。",
	    "The file contains a DOCTYPE declaration and may be hostile; save "
	    "it again as .xlsx with Excel or WPS." },
	[REFUSED_BOMB] = { "too_large",
	    "文件超出限额，请删除多余的工作表、空行和图片后重新保存。",
	    "The file is over a limit; remove needless sheets, rows and "
	    "pictures and save it again." },
	[REFUSED_TIMEOUT] = { "stopped",
	    "读取此文件时程序被中止，请另存为新的 .xlsx 后再试；若仍如此，"
	    "请联系管理员。",
	    "Reading the file was stopped; save it as a new .xlsx and tell "
	    "the administrator if that does not help." },
	[REFUSED_IO] = { "io",
	    "读取文件时出错，系统会自动重试；若持续出现，请联系管理员。",
	    "The file could not be read; it will be tried again. Tell the "
	    "administrator if this stays." },
	[REFUSED_UNPATCHABLE] = { "unpatchable",
	    "系统可以读取此文件，但不能写回；填报内容照常接收。",
	    "The file can be read but not written back to; what is filled in "
	    "still arrives." },
};
_Static_assert(COUNT(sentence) == REFUSED__MAX, "a sentence for each refusal");

/*
 * Names from the file stand in sentences for people and logs: half
 * characters, controls and marks that turn the line around become '?'.
 */
static void
clean(char *s)
{
	size_t len, n;
	bool bad;
	char *p;

	len = strlen(s);
	for (n = 0; n < len; n++) {
		n += utf8_check(s + n, len - n, &bad);
		if (n < len)
			s[n] = '?';
	}
	for (p = s; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20)
			*p = ' ';
		/* U+202A to U+202E, U+2066 to U+2069 */
		if ((memcmp(p, "\xe2\x80", 2) == 0 && p[2] >= '\xaa' &&
		    p[2] <= '\xae') || (memcmp(p, "\xe2\x81", 2) == 0 &&
		    p[2] >= '\xa6' && p[2] <= '\xa9'))
			memset(p, '?', 3);
	}
}

/* Cut at n bytes, but never inside a character. */
static void
put(char *out, size_t n, const char *detail, const char *standing)
{
	size_t len;
	int need;

	need = snprintf(out, n, "%s%s", detail, standing);
	len = strlen(out);
	if (need >= 0 && (size_t)need >= n) {
		while (len > 0 && ((unsigned char)out[len - 1] & 0xc0) == 0x80)
			len--;
		if (len > 0 && (unsigned char)out[len - 1] >= 0xc0)
			len--;
		out[len] = '\0';
	}
	clean(out);
}

enum refusal
refuse(struct why *why, enum refusal code, const char *zh, const char *en)
{
	REQUIRE(code > READ_OK && code < REFUSED__MAX);
	if (why->code != READ_OK)
		return why->code;
	why->code = code;
	put(why->zh, sizeof(why->zh), zh == NULL ? "" : zh, sentence[code].zh);
	put(why->en, sizeof(why->en), en == NULL ? "" : en, sentence[code].en);
	return code;
}

enum refusal
refuse_at(struct why *why, enum refusal code, const char *zh, const char *en,
    ...)
{
	char zh_detail[256], en_detail[256];
	va_list ap;

	va_start(ap, en);
	vsnprintf(zh_detail, sizeof(zh_detail), zh, ap);
	va_end(ap);
	va_start(ap, en);
	vsnprintf(en_detail, sizeof(en_detail), en, ap);
	va_end(ap);
	return refuse(why, code, zh_detail, en_detail);
}

const char *
refusal_name(enum refusal code)
{
	return sentence[code].name;
}

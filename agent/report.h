/* The note beside a workbook, for staff: 台账.xlsx.同步报告.txt. */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "pass.h"

#define REPORT_SUFFIX ".同步报告.txt"
#define REPORT_NAME_MAX 255u /* bytes; longer names are cut */

/* Writes, changes or removes the note so that it says the verdict; a file
 * of that name which is not ours is left alone. False: the disk refused. */
bool report_put(int root_fd, const char *path, const struct verdict *);

#endif

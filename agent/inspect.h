/* `taizhang-agent inspect`: what a workbook contains, as JSON lines. */
#ifndef AGENT_INSPECT_H
#define AGENT_INSPECT_H

/* argv[0] is "inspect", argv[1] the file. The exit code is 0, 1 (output failed),
 * 2 (usage) or 10 + enum refusal. */
int inspect_main(int argc, char **argv);

#endif

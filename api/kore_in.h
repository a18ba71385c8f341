/* Kore's headers, without the names of syslog that they bring along. */
#ifndef API_KORE_IN_H
#define API_KORE_IN_H

#include <kore/kore.h>
#include <kore/http.h>

#undef LOG_INFO
#undef LOG_DEBUG

#endif

# Taizhang (台账). `make run` starts everything, `make test` proves it.
# One file, no recursion; conf/packages.txt is the one list of packages.

CC	?= cc
BUILD	?= build
PYTHON	:= /usr/bin/python3
WARN	:= -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wcast-qual -Wwrite-strings -Wpointer-arith -Wformat=2 -Wvla -Wundef \
	-Wnull-dereference -Werror
FLAGS	:= -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -g -fPIC -fno-common
# make unit SANITIZE=address,undefined BUILD=build/asan
ifdef SANITIZE
FLAGS	+= -O1 -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -DARENA_DEBUG
LINK	:= -fsanitize=$(SANITIZE)
else
FLAGS	+= -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
endif
FLAGS	+= $(WARN)
KORE_SHARE := /usr/share/kore
# The feature defines are the framework's ABI: take them from its own file.
KORE_FLAGS = $(patsubst -I%,-isystem %,$(shell cat $(KORE_SHARE)/features \
	2>/dev/null)) -isystem $(KORE_SHARE)/include
DEPS	= -MMD -MP
# What the API calls of its own is its own: no detour through a table.
SHARED	= -shared $(LINK) -Wl,-Bsymbolic-functions -Wl,-z,relro,-z,now

BASE_SRC := $(wildcard api/base/*.c)
CTL_SRC	:= $(wildcard api/ctl*.c)
JOBS_SRC := $(wildcard api/jobs*.c)
API_SRC	:= $(filter-out $(CTL_SRC) $(JOBS_SRC),$(wildcard api/*.c)) $(wildcard api/model/*.c)
AGENT_SRC := $(wildcard agent/*.c) $(wildcard agent/xlsx/*.c)
TEST_SRC := $(wildcard tests/unit/test_*.c)
TOOL_SRC := $(wildcard tests/unit/tool_*.c)
obj	= $(patsubst %.c,$(BUILD)/%.o,$(1))

BASE_LIBS := -lutf8proc -lsodium -lz -lm
API_LIBS := -lpq -ljansson -lcurl -lcrypto -lisal -lpthread $(BASE_LIBS)
AGENT_LIBS := -lcurl -lsqlite3 -lxlsxwriter -lexpat -lisal -ldeflate \
	-lseccomp -ljansson -lpthread $(BASE_LIBS)

PROGRAMS := $(if $(wildcard api/main.c),$(BUILD)/api.so) \
	$(if $(wildcard agent/main.c),$(BUILD)/taizhang-agent) \
	$(if $(wildcard api/ctl.c),$(BUILD)/taizhangctl) \
	$(if $(wildcard api/jobs.c),$(BUILD)/taizhang-jobs)
UNIT	:= $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(TEST_SRC) $(TOOL_SRC))

.PHONY: all run test unit e2e build-tests bench clean fuzz fuzzers
all: $(PROGRAMS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D); echo "CC $<"
	@$(CC) $(FLAGS) $(DEPS) -Iapi -Iagent $(EXTRA) -c -o $@ $<

$(call obj,$(API_SRC)): EXTRA = $(KORE_FLAGS)
$(call obj,$(CTL_SRC) $(JOBS_SRC)): EXTRA = -isystem /usr/include/postgresql

$(BUILD)/libbase.a: $(call obj,$(BASE_SRC))
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $^
# The hand-written parts of the OpenAPI document, as C strings.
SCHEMAS	:= $(wildcard api/schemas/*.json)
$(BUILD)/schemas.c: $(SCHEMAS)
	@mkdir -p $(@D); { echo 'extern const char *const openapi_parts[];'; \
	    echo 'const char *const openapi_parts[] = {'; \
	    for f in $^; do sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $$f; \
	    echo ,; done; echo '0 };'; } > $@
$(BUILD)/schemas.o: $(BUILD)/schemas.c
	@$(CC) $(FLAGS) -c -o $@ $<
$(BUILD)/libapi.a: $(call obj,$(API_SRC)) $(BUILD)/schemas.o
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $^
$(BUILD)/libagent.a: $(call obj,$(filter-out agent/main.c,$(AGENT_SRC)))
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $^

$(BUILD)/api.so: $(call obj,$(API_SRC)) $(BUILD)/schemas.o $(BUILD)/libbase.a
	@echo "LD $@"
	@$(CC) $(SHARED) -o $@ $^ $(API_LIBS)
# The engine alone, with routes that only test it instead of the chapters.
ENGINE	:= main http http_head http_part gate gate_body gate_check gate_out \
	filetype serve reply route \
	limit limit_rule problem query_string scope_set \
	json_depth idem audit after standby db db_batch db_conn db_queue db_result db_stmt notify offload yield loop \
	settings metrics health fetch
$(BUILD)/tests/api_test_routes.o: tests/api_test_routes.c
	@mkdir -p $(@D); echo "CC $<"
	@$(CC) $(FLAGS) $(DEPS) -Iapi -isystem /usr/include/postgresql -c -o $@ $<
$(BUILD)/api_test.so: $(BUILD)/tests/api_test_routes.o \
    $(patsubst %,$(BUILD)/api/%.o,$(ENGINE)) $(BUILD)/libbase.a
	@echo "LD $@"
	@$(CC) $(SHARED) -o $@ $^ $(API_LIBS)
$(BUILD)/taizhang-agent: $(BUILD)/agent/main.o $(BUILD)/libagent.a $(BUILD)/libbase.a
	@echo "LD $@"
	@$(CC) $(LINK) -o $@ $^ $(AGENT_LIBS)
$(BUILD)/taizhangctl: $(call obj,$(CTL_SRC)) $(BUILD)/libagent.a $(BUILD)/libapi.a $(BUILD)/libbase.a
	@echo "LD $@"
	@$(CC) $(LINK) -o $@ $^ $(API_LIBS)
$(BUILD)/taizhang-jobs: $(call obj,$(JOBS_SRC)) $(BUILD)/libapi.a $(BUILD)/libbase.a
	@echo "LD $@"
	@$(CC) $(LINK) -o $@ $^ $(API_LIBS)

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libagent.a $(BUILD)/libapi.a $(BUILD)/libbase.a
	@mkdir -p $(@D); echo "LD $@"
	@$(CC) $(FLAGS) $(DEPS) -Iapi -Iagent -Itests/unit -isystem /usr/include/postgresql \
	    $(LINK) -o $@ $< $(BUILD)/libagent.a $(BUILD)/libapi.a \
	    $(BUILD)/libbase.a -lcmocka $(AGENT_LIBS) $(API_LIBS)

# Packages first, then a second look at what they brought (compiler, headers).
run:
	@conf/packages.sh run $(if $(TLS),tls)
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) exec conf/run.sh

test:
	@conf/packages.sh run tls test
	@$(MAKE) --no-print-directory all build-tests
	@$(PYTHON) tests/run.py --build $(BUILD)

unit: $(UNIT)
	@$(PYTHON) tests/run.py --build $(BUILD) unit
e2e: all build-tests
	@$(PYTHON) tests/run.py --build $(BUILD) e2e

build-tests: $(UNIT) $(BUILD)/api_test.so tests/js/node_modules \
    tests/api/node_modules

# Workbooks are also written by exceljs and SheetJS, as staff's tools do; the
# API's document is linted, and a client is generated from it.
tests/%/node_modules: tests/%/package-lock.json
	@echo "NPM $@"; cd $(@D) && npm ci --loglevel=error --no-audit --no-fund \
	    --ignore-scripts
	@touch $@

# Ratios against floors and peers measured in the same run (design: D7).
bench:
	@conf/packages.sh run test bench
	@$(MAKE) --no-print-directory all build-tests
	@for b in tests/bench/bench_*.py; do TAIZHANG_BUILD=$(abspath $(BUILD)) \
	    PYTHONDONTWRITEBYTECODE=1 $(PYTHON) $$b || exit 1; done

# Coverage-guided, with sanitizers: SECONDS_EACH per target, corpus in var/.
FUZZ	:= $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS_EACH ?= 20
fuzz:
	@conf/packages.sh run test fuzz
	@$(MAKE) --no-print-directory fuzzers CC=clang BUILD=build/fuzz WARN= \
	    SANITIZE=fuzzer-no-link,address,undefined
	@for f in $(FUZZ); do mkdir -p var/fuzz/$$f; \
	    build/fuzz/$$f -max_total_time=$(SECONDS_EACH) -rss_limit_mb=1024 \
	    -print_final_stats=1 -artifact_prefix=var/fuzz/ var/fuzz/$$f \
	    $$(ls -d tests/fuzz/corpus/$$f 2>/dev/null) 2>&1 | tail -n 12 \
	    || exit 1; done
fuzzers: $(addprefix $(BUILD)/,$(FUZZ))
$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/libagent.a $(BUILD)/libapi.a $(BUILD)/libbase.a
	@echo "LD $@"
	@$(CC) $(FLAGS) $(DEPS) -Iapi -Iagent -isystem /usr/include/postgresql \
	    -fsanitize=fuzzer,address,undefined -o $@ $< $(BUILD)/libagent.a \
	    $(BUILD)/libapi.a $(BUILD)/libbase.a $(AGENT_LIBS) $(API_LIBS)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Makefile - builds, tests and installs dialtone; `make help` lists the targets.
#
# GNU make.  All output goes to build/.  A flavour is a set of flags, FLAGS_x
# below; build/<flavour> holds the plain row's archive (the files that never
# see lua.h: compiled once) and for each Lua the module, <lua>/dialtone/core.so.
#
# make V=1 ... shows the commands.

PREFIX ?= /usr/local
LUA_VERSION ?= 5.4
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)

LUAS_KNOWN := 5.1 5.2 5.3 5.4 5.5 luajit

# --- sources -----------------------------------------------------------------

# The plain row, by name; every other file is glue.  spec/architecture_spec.lua
# compares the list with what the files include.
PLAIN := address address_parse buffer clock constant control cstack cursor error \
  fork lineeditor option_ip option_ipv6 option_link option_socket option_transport \
  optiontable pipe poller poller_epoll poller_kqueue poller_poll resolver search slots sys \
  sys_fault tcpinfo timer ttymode variant_fault

# Only in the flavours that have DIALTONE_FAULTS.
FAULTS := sys_fault mod_fault variant_fault

SOURCES := $(patsubst csrc/%.c,%,$(wildcard csrc/*.c))
C_TESTS := $(patsubst spec/c/%.c,%,$(wildcard spec/c/test_*.c))

comma := ,

# C programs with a Lua in them, linked with everything (dialtone.h).
HOSTS := examples/host/host.c spec/c/host_api.c spec/c/host_close.c \
  spec/c/host_threads.c

# Its allocations are counted, and refused, by the linker's --wrap.
ifeq ($(shell uname -s),Linux)
HOSTS += spec/torture/oom.c
LINK_oom := $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc free mmap pthread_create)
endif

# Programs of make fuzz; those with a Lua in them are linked with everything.
FUZZERS := $(patsubst spec/fuzz/%.c,%,$(wildcard spec/fuzz/fuzz_*.c))
FUZZERS_LUA := fuzz_ancillary fuzz_argument fuzz_option

# --- flags -------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes \
  -Wmissing-prototypes -Wpointer-arith -Wwrite-strings

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer

# Linux tests the poller of the BSDs too, over an imitation of kqueue(2).
ifeq ($(shell uname -s),Linux)
SHIM := -DDIALTONE_KQUEUE_SHIM -Ispec/support/kqueue
endif

FLAGS_release := -O2 -DNDEBUG
FLAGS_test := -O1 -g -DDIALTONE_FAULTS $(SHIM)
# The collector runs wherever it may: spec/support/collect.
FLAGS_collect := $(FLAGS_test) -Icsrc
GLUE_collect := -include spec/support/collect/collect.h
FLAGS_asan := -O1 -g -DDIALTONE_FAULTS $(SHIM) $(SANITIZE)
FLAGS_tsan := -O1 -g -DDIALTONE_FAULTS $(SHIM) -fsanitize=thread
FLAGS_apicheck := $(FLAGS_test)
# Counted line for line: nothing merged, nothing moved.
FLAGS_cover := -O0 -g --coverage -fprofile-update=atomic -DDIALTONE_FAULTS $(SHIM)
FLAGS_lint := -O2 -DDIALTONE_FAULTS $(SHIM) -Werror
FLAGS_fuzz := -O1 -g $(SHIM) $(SANITIZE) -fsanitize=fuzzer-no-link \
  -Wno-gnu-variable-sized-type-not-at-end

COMPILE = $(CC) -std=gnu11 -fPIC -fvisibility=hidden $(WARNINGS)
ifeq ($(shell uname -s),Darwin)
SHARED := -bundle -undefined dynamic_lookup
else
SHARED := -shared
# It stays loaded when its Lua state ends: reports about leaks come after that.
NODELETE := -Wl,-z,nodelete
endif

# dlopen(3) is in a library of its own, or was.
ifeq ($(shell uname -s),Linux)
LIBRARIES := -pthread -ldl
else
LIBRARIES := -pthread
endif

LINK_release := $(LIBRARIES)
LINK_test := $(LIBRARIES) $(NODELETE)
LINK_collect := $(LINK_test)
LINK_lint := $(LIBRARIES)
LINK_tsan := $(LIBRARIES) -fsanitize=thread
LINK_apicheck := $(LINK_test)
LINK_cover := $(LINK_test) --coverage -Wl,-u,__gcov_dump,--exclude-libs,libgcov.a
LINK_asan := $(LIBRARIES) $(NODELETE) $(SANITIZE)
LINK_fuzz := $(LIBRARIES) $(SANITIZE) -fsanitize=fuzzer

# --- the Luas that are here ---------------------------------------------------

# LUA_x is "found" and the flags for its headers, or empty.  The names are
# Debian's, the BSDs' and Homebrew's.  To use a Lua that pkg-config does not
# know: make LUA_5.4=-I/its/include
find_lua = $(shell for name in $(if $(filter luajit,$1),luajit,lua$1 lua-$1 \
  lua$(subst .,,$1)); do pkg-config --exists $$name 2>/dev/null && \
  echo found `pkg-config --keep-system-cflags --cflags $$name` && break; done)
$(foreach lua,$(LUAS_KNOWN),$(eval LUA_$(lua) := $(call find_lua,$(lua))))

# LIBS_x links a host program (dialtone.h) with it; empty: there are none.
find_libs = $(shell for name in $(if $(filter luajit,$1),luajit,lua$1 lua-$1 \
  lua$(subst .,,$1)); do pkg-config --exists $$name 2>/dev/null && \
  pkg-config --libs $$name && break; done)
$(foreach lua,$(LUAS_KNOWN),$(eval LIBS_$(lua) := $(call find_libs,$(lua))))

LUAS_FOUND := $(strip $(foreach lua,$(LUAS_KNOWN),$(if $(LUA_$(lua)),$(lua))))

# What the suite runs under: each of these, and 5.5 where there is one.
LUAS ?= 5.1 5.2 5.3 5.4 luajit $(filter 5.5,$(LUAS_FOUND))
SPEC ?=

# --- rules -------------------------------------------------------------------

.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

Q := $(if $(V),,@)
SUBMAKE = +$(Q)$(MAKE) --no-print-directory -j$(JOBS)
LISTED = $(filter-out $(if $(findstring FAULTS,$(FLAGS_$1)),,$(FAULTS)),$(SOURCES))
SHIMMED = $(if $(findstring SHIM,$(FLAGS_$1)),kevent_shim)
GLUE_FILES = $(filter-out $(PLAIN),$(call LISTED,$1)) $(if $(GLUE_$1),collect)
objects = $(patsubst %,build/$1/%.o,$2)

# The C library's calls that fail, for the release build: LD_PRELOAD, Linux only.
build/test/preload.so: spec/torture/preload.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 -g -fPIC $(WARNINGS) -shared $< -ldl -o $@

# $1 flavour: the plain row, and the test programs that stand on it alone
define flavour_rules
build/$1/plain/%.o: csrc/%.c Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(FLAGS_$1) $$(CPPFLAGS) $$(CFLAGS) -MMD -MP -c $$< -o $$@

build/$1/plain/%.o: spec/support/kqueue/%.c Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(FLAGS_$1) $$(CPPFLAGS) $$(CFLAGS) -MMD -MP -c $$< -o $$@

build/$1/libdialtone.a: $(call objects,$1/plain,$(filter $(PLAIN),$(call LISTED,$1)) $(call SHIMMED,$1))
	@rm -f $$@
	$$(Q)$$(AR) crs $$@ $$^

build/$1/c/%: spec/c/%.c spec/c/check.h build/$1/libdialtone.a Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(FLAGS_$1) $$(CPPFLAGS) $$(CFLAGS) -Icsrc -MMD -MP -MT $$@ -MF $$@.d \
	  $$< build/$1/libdialtone.a $$(LINK_$1) $$(LDFLAGS) -o $$@

-include $(wildcard build/$1/*/*.d build/$1/*/glue/*.d)
endef

# $1 flavour, $2 Lua: the glue row, the module, and for host programs all in one
# archive
define module_rules
build/$1/$2/glue/%.o: csrc/%.c Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(FLAGS_$1) $$(GLUE_$1) $$(filter-out found,$$(LUA_$2)) $$(CPPFLAGS) $$(CFLAGS) \
	  -MMD -MP -c $$< -o $$@

build/$1/$2/glue/%.o: spec/support/collect/%.c Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(FLAGS_$1) $$(filter-out found,$$(LUA_$2)) $$(CPPFLAGS) $$(CFLAGS) \
	  -MMD -MP -c $$< -o $$@

build/$1/$2/dialtone/core.so: $(call objects,$1/$2/glue,$(call GLUE_FILES,$1)) \
    build/$1/libdialtone.a
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(SHARED) $$^ $$(LINK_$1) $$(LDFLAGS) -o $$@
	@echo "built $$@"

build/$1/$2/libdialtone.a: $(call objects,$1/$2/glue,$(call GLUE_FILES,$1)) \
    $(call objects,$1/plain,$(filter $(PLAIN),$(call LISTED,$1)) $(call SHIMMED,$1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) crs $$@ $$^
endef

# $1 flavour, $2 Lua, $3 the source of a host program
define host_rule
build/$1/$2/$(basename $(notdir $3)): $3 build/$1/$2/libdialtone.a Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(FLAGS_$1) $$(filter-out found,$$(LUA_$2)) $$(CPPFLAGS) $$(CFLAGS) -Icsrc \
	  -MMD -MP -MT $$@ -MF $$@.d $$< build/$1/$2/libdialtone.a $$(LINK_$1) $$(LDFLAGS) \
	  $$(LINK_$(basename $(notdir $3))) $$(LIBS_$2) -o $$@
endef

# $1 flavour, $2 a fuzz target, $3 the archive it stands on, $4 a Lua or nothing,
# $5 what it has for a main function
define fuzzer_rule
build/$1/fuzz/$2: spec/fuzz/$2.c $(wildcard spec/fuzz/*.h) $5 $3 Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(FLAGS_$1) $$(filter-out found,$$(LUA_$(strip $4))) $$(CPPFLAGS) $$(CFLAGS) -Icsrc \
	  $$< $5 $3 $$(LINK_$1) $$(LDFLAGS) $$(LIBS_$(strip $4)) -o $$@
endef

# ... and where its headers are missing
define no_module_rules
build/$1/$2/dialtone/core.so build/$1/$2/libdialtone.a:
	@echo "no headers of Lua $2 were found: make deps installs them" >&2; exit 1
endef

$(foreach flavour,release test collect asan tsan apicheck cover lint fuzz,$(eval $(call flavour_rules,$(flavour))) \
  $(foreach lua,$(LUAS_KNOWN),$(eval $(call $(if $(LUA_$(lua)),,no_)module_rules,$(flavour),$(lua))) \
    $(foreach source,$(HOSTS),$(eval $(call host_rule,$(flavour),$(lua),$(source))))))

# Only clang has libFuzzer.
build/fuzz/%: CC = $(FUZZ_CC)
FUZZ_CC ?= clang
$(foreach flavour,asan cover lint fuzz,$(foreach one,$(FUZZERS),$(eval $(call fuzzer_rule,$(flavour),$(one),\
  build/$(flavour)/$(if $(filter $(one),$(FUZZERS_LUA)),5.4/)libdialtone.a,\
  $(filter $(if $(filter $(one),$(FUZZERS_LUA)),5.4),$(LUAS_FOUND)),\
  $(if $(filter fuzz,$(flavour)),,spec/fuzz/replay.c)))))

modules = $(patsubst %,build/$1/%/dialtone/core.so,$2)
programs = $(patsubst %,build/$1/c/%,$(C_TESTS))
fuzzers = $(patsubst %,build/$1/fuzz/%,$(FUZZERS))
hosts = $(foreach lua,$2,$(if $(LIBS_$(lua)),\
  $(patsubst %.c,build/$1/$(lua)/%,$(notdir $(HOSTS)))))

# --- targets -----------------------------------------------------------------

.PHONY: all modules deps demo test test-web bench asan tsan apicheck valgrind torture cover soak \
  fuzz fuzz-replay fuzz-keep lint format rock doc static install uninstall clean help \
  suite-test suite-collect suite-asan suite-tsan suite-apicheck suite-torture suite-cover \
  suite-fuzz suite-replay lint-compile \
  lint-format lint-tidy lint-cppcheck lint-lua

all: ## build the module for every Lua whose headers are here (the default)
	$(SUBMAKE) modules

modules: $(call modules,release,$(LUAS_FOUND))
ifeq ($(LUAS_FOUND),)
	@echo "no Lua headers were found: make deps installs them" >&2; exit 1
else
	@:
endif

deps: ## install everything that the other targets need
	@spec/support/deps demo test lint doc rock valgrind

# What Lua 5.4 needs to find the optimised build.
RELEASE_54 := env -u LUA_PATH_5_4 -u LUA_CPATH_5_4 \
  LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="build/release/5.4/?.so;;"

demo: ## show what it does, on Lua 5.4
	@spec/support/deps demo
	$(SUBMAKE) build/release/5.4/dialtone/core.so
	@$(RELEASE_54) lua5.4 examples/demo.lua

test: ## run all tests under every Lua; SPEC=spec/x_spec.lua LUAS=5.4: a part
	@spec/support/deps test
	$(SUBMAKE) suite-test
	@JOBS="$(JOBS)" SPEC="$(strip $(SPEC))" spec/support/run test $(LUAS)

test-web: ## the pages of net.handshake in a real browser; PICTURES=DIRECTORY keeps pictures
	@spec/support/deps test web
	$(SUBMAKE) suite-test LUAS=5.4
	@spec/web/run

asan: ## the same with the address, undefined and leak sanitizers
	@spec/support/deps test
	$(SUBMAKE) suite-asan
	@CC="$(CC)" JOBS="$(JOBS)" SPEC="$(strip $(SPEC))" spec/support/run asan $(LUAS)

# Those that take a state's loop another way: C stacks for what cannot yield, a
# collector and hooks of its own.
TSAN_LUAS ?= 5.1 5.4 luajit
tsan: ## threads with a Lua state each under the thread sanitizer; FULL=1: longer
	@spec/support/deps test
	$(SUBMAKE) suite-tsan
	@spec/torture/threads $(TSAN_LUAS)

APICHECK_LUAS ?= 5.1 5.2 5.3 5.4 luajit
apicheck: ## the suite on interpreters that check how they are used
	@spec/support/deps test apicheck
	@JOBS="$(JOBS)" CC="$(CC)" SPEC="$(strip $(SPEC))" spec/support/apicheck $(APICHECK_LUAS)

VALGRIND_LUAS ?= 5.1 5.4
valgrind: ## the same under valgrind, on Lua 5.1 and 5.4
	@spec/support/deps test valgrind
	$(SUBMAKE) suite-test LUAS="$(VALGRIND_LUAS)"
	@JOBS="$(JOBS)" SPEC="$(strip $(SPEC))" spec/support/run valgrind $(VALGRIND_LUAS)

# What the short one needs; the full one, for every Lua.
TORTURE_LUAS = $(LUAS)
torture: ## let everything fail that can: memory, calls, descriptors, threads; FULL=1: all of it
	@spec/support/deps test
	$(SUBMAKE) suite-torture
	@JOBS="$(JOBS)" FULL="$(FULL)" spec/torture/run $(PARTS)

suite-torture: $(call modules,test,$(TORTURE_LUAS)) $(patsubst %,build/asan/%/oom,$(TORTURE_LUAS)) \
    $(filter %/host_close %/host_threads,$(call hosts,tsan,$(filter-out 5.1,$(TORTURE_LUAS)))) \
    $(call fuzzers,asan) build/test/preload.so $(call modules,release,5.1 5.4 luajit)
	@:

COVER_LUAS ?= 5.4 luajit 5.1
cover: ## which lines and branches of the C do the tests run? PARTS="suite memory": a part
	@spec/support/deps test cover
	$(SUBMAKE) suite-cover LUAS="$(COVER_LUAS)"
	@JOBS="$(JOBS)" PARTS="$(PARTS)" ALL="$(ALL)" spec/cover/run $(COVER_LUAS)

SECONDS ?= 3600
soak: ## mixed work and chaos for SECONDS (3600), on LUA_VERSION (5.4)
	@spec/support/deps test
	$(SUBMAKE) build/test/$(LUA_VERSION)/dialtone/core.so
	@SECONDS="$(SECONDS)" spec/torture/under $(LUA_VERSION) spec/torture/soak.lua

suite-test: $(call modules,test,$(LUAS)) $(call programs,test) $(call hosts,test,$(LUAS))
	@:
suite-collect: $(call modules,collect,$(LUAS)) $(call programs,collect) $(call hosts,collect,$(LUAS))
	@:
suite-cover: $(call modules,cover,$(LUAS)) $(call programs,cover) $(call hosts,cover,$(LUAS)) \
    $(call fuzzers,cover)
	@:
suite-asan: $(call modules,asan,$(LUAS)) $(call programs,asan) $(call hosts,asan,$(LUAS))
	@:
suite-apicheck: $(call modules,apicheck,$(LUAS)) $(call hosts,apicheck,$(LUAS))
	@:
suite-tsan: $(filter %/host_close %/host_threads,$(call hosts,tsan,$(TSAN_LUAS)))
	@:

# --- fuzzing ------------------------------------------------------------------

FUZZ_SECONDS ?= 60
fuzz: ## try the parsers with bytes made up, each FUZZ_SECONDS (60) of processor time
	@spec/support/deps test fuzz
	$(SUBMAKE) suite-fuzz
	@JOBS="$(JOBS)" FUZZ_SECONDS="$(FUZZ_SECONDS)" spec/fuzz/run fuzz $(FUZZERS)

fuzz-replay: ## try them with what was found that way, and kept
	@spec/support/deps test
	$(SUBMAKE) suite-replay
	@JOBS="$(JOBS)" spec/fuzz/run replay $(FUZZERS)

fuzz-keep: ## after make fuzz: keep what is new in spec/fuzz/corpus
	@JOBS="$(JOBS)" spec/fuzz/run keep $(FUZZERS)

suite-fuzz: $(call fuzzers,fuzz)
	@:
suite-replay: $(call fuzzers,asan)
	@:

# --- style -------------------------------------------------------------------

C_FILES := $(wildcard csrc/*.[ch] spec/c/*.[ch] spec/fuzz/*.[ch] spec/torture/*.c \
  examples/host/*.c spec/support/kqueue/*.c spec/support/kqueue/*/*.h spec/support/collect/*.[ch])
LUA_FILES = $(shell find lua spec examples bench doc -name '*.lua') .luacheckrc .busted

lint: ## compiler warnings, clang-format, clang-tidy, cppcheck, luacheck
	@spec/support/deps test lint
	$(SUBMAKE) -k lint-compile lint-format lint-tidy lint-cppcheck lint-lua
	@echo "lint: no warnings"

# The oldest and the newest headers, and LuaJIT's: the rest lies between.
lint-compile: $(call modules,lint,5.1 5.4 luajit) $(call programs,lint) \
  $(call hosts,lint,5.1 5.4 luajit) $(call fuzzers,lint)

lint-format:
	$(Q)clang-format --dry-run -Werror $(C_FILES)

# What it says on its standard error is a count of what it kept back, but for
# the command line's own errors.
lint-tidy:
	$(Q)mkdir -p build/lint
	$(Q)printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P $(JOBS) -n 4 sh -c \
	  'clang-tidy --quiet "$$@" -- -std=gnu11 -Icsrc -DDIALTONE_FAULTS $(SHIM) \
	  $(filter-out found,$(LUA_5.4)) 2>build/lint/tidy.$$$$ || \
	  { cat build/lint/tidy.$$$$; exit 1; }' tidy

# It reads no headers of the system, and defines nothing itself.
lint-cppcheck:
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -j $(JOBS) \
	  --enable=warning,performance,portability --suppress=missingInclude \
	  -D__linux__ -DDIALTONE_FAULTS -DDIALTONE_KQUEUE_SHIM -DLUA_VERSION_NUM=504 \
	  -Icsrc csrc spec/c spec/fuzz examples/host spec/support/kqueue spec/support/collect

# By its name luacheck would take the rockspec for a list of files.
lint-lua:
	$(Q)luacheck --quiet $(LUA_FILES)
	$(Q)luacheck --quiet --std +rockspec --filename rockspec - <$(wildcard rockspec/*.rockspec)

format: ## put the C files into shape
	@spec/support/deps lint
	clang-format -i $(C_FILES)

bench: ## measure: instructions, CPU time against C, servers against peers
	@spec/support/deps demo valgrind
	$(SUBMAKE) $(call modules,release,5.4 $(if $(LUA_luajit),luajit))
	bench/instructions lua5.4
	bench/pair lua5.4
	@$(RELEASE_54) lua5.4 bench/timers.lua
	@$(RELEASE_54) lua5.4 bench/connections.lua
	bench/table

# --- handing it on -----------------------------------------------------------

rock: ## build the rock and use it from an empty tree, for each Lua of LuaRocks
	@spec/support/deps rock
	@spec/support/rock

doc: ## make the manual's pages in doc/html
	@spec/support/deps doc
	doc/build

LUA_DIR = $(LUA_VERSION:luajit=5.1)
LIB_DIR = $(DESTDIR)$(PREFIX)/lib/lua/$(LUA_DIR)
INCLUDE_DIR = $(DESTDIR)$(PREFIX)/include
SHARE_DIR = $(DESTDIR)$(PREFIX)/share/lua/$(LUA_DIR)
BIN_DIR = $(DESTDIR)$(PREFIX)/bin
LUA_MODULES = $(shell cd lua && find dialtone* -name '*.lua' ! -name main.lua)
# What the command is run by, and where it finds what is installed with it.
LUA_PROGRAM ?= $(if $(filter luajit,$(LUA_VERSION)),luajit,lua$(LUA_VERSION))
COMMAND_SHARE = $(PREFIX)/share/lua/$(LUA_DIR)
COMMAND_LIB = $(PREFIX)/lib/lua/$(LUA_DIR)

static: ## build libdialtone.a for LUA_VERSION (5.4), for C programs: dialtone.h
	$(SUBMAKE) build/release/$(LUA_VERSION)/libdialtone.a
	@echo "built build/release/$(LUA_VERSION)/libdialtone.a"

install: ## install for LUA_VERSION (5.4) under PREFIX (/usr/local), DESTDIR first
	$(SUBMAKE) build/release/$(LUA_VERSION)/dialtone/core.so \
	  build/release/$(LUA_VERSION)/libdialtone.a
	mkdir -p "$(LIB_DIR)/dialtone"
	cp build/release/$(LUA_VERSION)/dialtone/core.so "$(LIB_DIR)/dialtone/core.so"
	cp build/release/$(LUA_VERSION)/libdialtone.a "$(LIB_DIR)/dialtone/libdialtone.a"
	mkdir -p "$(INCLUDE_DIR)"
	cp csrc/dialtone.h "$(INCLUDE_DIR)/dialtone.h"
	@for file in $(LUA_MODULES); do \
	  mkdir -p "$(SHARE_DIR)/$$(dirname $$file)" && cp lua/$$file "$(SHARE_DIR)/$$file" && \
	  echo "cp lua/$$file $(SHARE_DIR)/$$file" || exit 1; done
	mkdir -p "$(BIN_DIR)"
	{ echo '#!/usr/bin/env $(LUA_PROGRAM)'; \
	  echo 'package.path = "$(COMMAND_SHARE)/?.lua;$(COMMAND_SHARE)/?/init.lua;" .. package.path'; \
	  echo 'package.cpath = "$(COMMAND_LIB)/?.so;" .. package.cpath'; \
	  sed 1d lua/dialtone/main.lua; } >"$(BIN_DIR)/dialtone"
	chmod 755 "$(BIN_DIR)/dialtone"

uninstall: ## take away what install put there
	rm -f "$(BIN_DIR)/dialtone" "$(LIB_DIR)/dialtone/core.so" "$(LIB_DIR)/dialtone/libdialtone.a" \
	  "$(INCLUDE_DIR)/dialtone.h" $(patsubst %,"$(SHARE_DIR)/%",$(LUA_MODULES))
	@rmdir "$(LIB_DIR)/dialtone" "$(SHARE_DIR)/dialtone/prompt" "$(SHARE_DIR)/dialtone" 2>/dev/null || true

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | \
	  while IFS='	' read -r name what; do printf '  %-12s %s\n' "$$name" "$$what"; done

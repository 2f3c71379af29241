# Inkling. `make demo` and `make check` install what is missing, build and run.
#
#   make            the program, the library and its tests
#   make demo       the main job on a real file of this machine
#   make check      all tests, twice: as built, and under ASan + UBSan
#   make fuzz       N=200000 executions of each fuzz target, with clang's libFuzzer
#   make network     faults of every kind between machines in network namespaces, 10 min
#   make chaos      KILLS=3000 SEED=1: real processes, killed at random under load
#   make bench      ratios beside plain C and raw ZeroMQ
#   make coverage   how often estimates keep their bounds, over large files of this machine
#   make model      checks the model of the protocol in doc/model
#   make install    DESTDIR= PREFIX=/usr/local
#   make layers     proves that the brains do no I/O and that includes point one way
#   make format     clang-format over everything

PREFIX ?= /usr/local
BUILD ?= build
SAN ?=
CC = gcc
FORMAT = clang-format-14
VERSION := $(shell sed -n 's/^\#define INK_VERSION "\(.*\)"/\1/p' include/inkling/version.h)
SONAME = libinkling.so.0

LIBS = libzmq libczmq msgpack lmdb libxxhash nettle libpcre2-8
PACKAGES = gcc make pkg-config libzmq3-dev libczmq-dev libmsgpack-dev liblmdb-dev \
  libxxhash-dev nettle-dev libpcre2-dev libpng-dev libjansson-dev libcmocka-dev clang-format-14 python3
DEPS := $(shell pkg-config --cflags msgpack lmdb libxxhash nettle libpcre2-8 libpng jansson 2>/dev/null)
LINK := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -ldl -lpthread -lm
LINK_CLI := $(shell pkg-config --libs libpng jansson 2>/dev/null)

WARN = -std=c11 -Wall -Wextra -Werror -Wconversion -Wshadow -Wstrict-prototypes
CFLAGS ?= -O2 -g
ALL_CFLAGS = $(WARN) $(CFLAGS) -fPIC -fvisibility=hidden -pthread -D_GNU_SOURCE -Iinclude -Isrc \
  $(DEPS) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALL_LDFLAGS = $(LDFLAGS) -pthread $(if $(SAN),-fsanitize=$(SAN))

LIB_SRC := $(filter-out src/cli/%,$(wildcard src/*/*.c))
CLI_SRC := $(wildcard src/cli/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
SYSTEM_SRC := $(wildcard tests/system/test_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC := $(wildcard bench/bench_*.c)
EXAMPLE_SRC := $(filter-out examples/parity.c,$(wildcard examples/*.c))
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC))
CLI_OBJ := $(call obj,$(CLI_SRC))
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
SYSTEM := $(patsubst tests/system/%.c,$(BUILD)/tests/%,$(SYSTEM_SRC))
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/%,$(FUZZ_SRC))
BENCH := $(patsubst bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))
EXAMPLES := $(patsubst examples/%.c,$(BUILD)/examples/%,$(EXAMPLE_SRC)) $(BUILD)/examples/parity.so

all: $(BUILD)/inkling $(BUILD)/libinkling.so $(BUILD)/libinkling.a examples

# What an object includes is found by the compiler, and a change of flags rebuilds all.
$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo '  cc $<'
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' >$@
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

$(BUILD)/libinkling.a: $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^
$(BUILD)/libinkling.so: $(LIB_OBJ) src/inkling.map
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=src/inkling.map \
	  -o $@ $(LIB_OBJ) $(LINK)
	@ln -sf libinkling.so $(BUILD)/$(SONAME)
$(BUILD)/inkling: $(CLI_OBJ) $(BUILD)/libinkling.a
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK) $(LINK_CLI)

# Tests of the program's own rooms link with all of it but main.
$(BUILD)/tests/test_cli_%: $(BUILD)/obj/tests/unit/test_cli_%.o \
    $(filter-out %/main.o,$(CLI_OBJ)) $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK) $(LINK_CLI) -lcmocka
$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK) -lcmocka
$(BUILD)/tests/%: $(BUILD)/obj/tests/system/%.o $(BUILD)/obj/tests/system/oracle.o \
    $(BUILD)/obj/tests/system/harness.o $(BUILD)/obj/tests/system/asking.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK) -lcmocka

# A fuzz target is linked twice: with its corpus, for the tests, and with libFuzzer.
$(BUILD)/tests/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/supply.o \
    $(BUILD)/obj/tests/fuzz/replay.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK)
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/supply.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LINK)
fuzz:
	@tools/deps $(PACKAGES) clang-14 libclang-rt-14-dev
	@tests/fuzz/run $(or $(N),200000)

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK)

# Examples see what a user sees: the public headers and the shared library.
examples: $(EXAMPLES)
$(BUILD)/examples/%: examples/%.c $(BUILD)/libinkling.so
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(WARN) $(CFLAGS) -Iinclude $(ALL_LDFLAGS) -o $@ $< -L$(BUILD) -linkling \
	  -Wl,-rpath,'$$ORIGIN/..'
$(BUILD)/examples/%.so: examples/%.c include/inkling/kernel.h
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(WARN) $(CFLAGS) -Iinclude -fPIC -shared -o $@ $<

# For system tests: kernels that take their time or are up to no good, and what goes between a
# process and libc.
SHARED := $(patsubst %,$(BUILD)/tests/%.so,slow bad chosen starve jump)
$(SHARED): $(BUILD)/tests/%.so: tests/system/%.c include/inkling/kernel.h
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(WARN) $(CFLAGS) -D_GNU_SOURCE -Iinclude -fPIC -shared -o $@ $<

# The simulator; with planted bugs, everything is built once more beside it.
SIM_OBJ := $(call obj,$(wildcard tests/sim/*.c))
$(BUILD)/tests/sim: $(SIM_OBJ) $(BUILD)/obj/tests/system/oracle.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK)
sim: $(BUILD)/tests/sim
	@$< --seeds 0:10000
# The campaign on real processes: `make chaos KILLS=3000 SEED=1`.
CHAOS_OBJ := $(call obj,$(wildcard tests/chaos/*.c))
$(BUILD)/tests/chaos: $(CHAOS_OBJ) $(BUILD)/obj/tests/system/oracle.o \
    $(BUILD)/obj/tests/system/harness.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK) -lcmocka
chaos: $(BUILD)/inkling $(BUILD)/tests/slow.so $(BUILD)/tests/chaos
	@BUILD=$(BUILD) $(BUILD)/tests/chaos --kills $(or $(KILLS),3000) --seed $(or $(SEED),1)

plants:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/plants CFLAGS='$(CFLAGS) -DINK_PLANTS' $(BUILD)/plants/tests/sim
	@tests/sim/plants $(BUILD)/plants/tests/sim

# Network faults: five machines in network namespaces.
NETWORK_OBJ := $(call obj,$(wildcard tests/network/*.c))
$(BUILD)/tests/network: $(NETWORK_OBJ) $(BUILD)/obj/tests/system/oracle.o \
    $(BUILD)/obj/tests/system/harness.o $(BUILD)/obj/tests/system/asking.o $(BUILD)/libinkling.a
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LINK) -lcmocka
network: deps
	@$(MAKE) --no-print-directory -s $(BUILD)/inkling $(BUILD)/tests/slow.so $(BUILD)/tests/network
	@BUILD=$(BUILD) $(BUILD)/tests/network --long

tests: $(UNIT) $(SYSTEM) $(FUZZ) $(SHARED)
deps:
	@tools/deps $(PACKAGES)
demo: deps
	@$(MAKE) --no-print-directory -s all && tools/demo $(BUILD)
bench: deps
	@$(MAKE) --no-print-directory -s all && $(MAKE) --no-print-directory -s bench-programs && bench/run $(BUILD)
bench-programs: $(BENCH)
coverage: $(BUILD)/inkling $(BUILD)/bench/coverage
	@for kernel in histogram digraph trigram entropy; do find / -xdev -type f -size +32M \
	  -not -path '/tmp/*' -not -path '*/build/*' | sort | \
	  xargs $(BUILD)/bench/coverage $(BUILD) $$kernel $(or $(RANGES),400); echo; done
check: deps
	@tools/check
model:
	@doc/model/run
layers: $(LIB_OBJ)
	@tools/layers $(BUILD)
format:
	$(FORMAT) -i $$(git ls-files '*.c' '*.h')

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/inkling
	install -m 755 $(BUILD)/inkling $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/libinkling.so $(DESTDIR)$(PREFIX)/lib/libinkling.so.$(VERSION)
	ln -sf libinkling.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(PREFIX)/lib/libinkling.so
	install -m 644 $(BUILD)/libinkling.a $(DESTDIR)$(PREFIX)/lib/
	install -m 644 include/inkling.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 include/inkling/*.h $(DESTDIR)$(PREFIX)/include/inkling/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' src/inkling.pc.in \
	  >$(DESTDIR)$(PREFIX)/lib/pkgconfig/inkling.pc
clean:
	rm -rf build

.PHONY: all examples tests fuzz sim plants chaos network deps demo bench bench-programs coverage check model layers format install clean force
.SECONDARY:

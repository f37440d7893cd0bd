// SPDX-License-Identifier: Apache-2.0
//
// What jemalloc (Evans, BSDCan 2006) is to do in the program: freed pages go back to the system at
// once, so that a process which works for hours holds what it needs and no more
// (docs/decisions/0018-jemalloc-in-the-program.md).
#include <jemalloc/jemalloc.h>

const char* malloc_conf = "dirty_decay_ms:0,muzzy_decay_ms:0";

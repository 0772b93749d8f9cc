/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* A process of hostile clients of every kind. */
typedef struct
{
  pid_t pid;
} LoadHostile;

/* They end by themselves after seconds. Returns how many there are. */
unsigned load_hostile_start (LoadHostile *self, unsigned port, unsigned seconds);
void load_hostile_stop (LoadHostile *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * SIGTERM, SIGINT and SIGHUP while a container is made: undone as after any other failure. Signals
 * that the caller ignores (nohup) stay ignored.
 *
 * The handler shuts the channel to init down. That ends every wait of ours, whenever the signal
 * comes: receiving finds the end, a hook is ended by the hang-up (base/spawn.h), init dies of it.
 */
struct chan;
struct err;

void interrupt_arm (void);
/* The channel of now; of no effect when not armed. */
void interrupt_channel (int fd);
/* The default again: nothing that could be undone is going on any more. */
void interrupt_disarm (void);
/*
 * A foreground run blocks all signals, since from its start on they are the container's. These
 * three still end it while one of its hooks runs, which may hang: interrupt_fd becomes readable,
 * where interrupt_listen was called, else it is -1.
 */
void interrupt_listen (void);
int interrupt_fd (void);
/* What came until now was for somebody else. */
void interrupt_forget (void);
/* 0, or -1 with e saying which signal it was. */
int interrupt_check (struct err *e);

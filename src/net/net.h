/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Network: the loopback device, and devices moved into the container (linux.netDevices). */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct net_device;

/* Bring `lo` of the caller's network namespace up. One socket, one ioctl pair or netlink message.
 */
int loopback_up (struct err *e);

/*
 * Runtime side: move each device into the network namespace `netns_fd` (RTM_NEWLINK with
 * IFLA_NET_NS_FD and IFLA_IFNAME in one message), keep its global addresses, set it up there
 * (config-linux.md, "Network Devices"). A name that exists there is an error unless it is a pattern
 * with %d. Joins netns_fd for the second half and comes back.
 */
int netdev_move_all (const struct net_device *devs, size_t n, int netns_fd, struct err *e);

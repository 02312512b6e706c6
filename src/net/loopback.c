/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/net.h"

int
loopback_up (struct err *e)
{
	/* lo of a new namespace is down, and has no other flags to keep. */
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	autofd fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		return 0; /* a kernel without IPv4 has no use for it */
	if (fd < 0 || ioctl (fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_set (e, errno, "bring up the loopback device");
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving network devices between two network namespaces of our own. Needs root. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/net.h"
#include "plan/plan.h"
#include "sys/netlink.h"
#include "tap.h"

#include "in_child.h"

static struct err e;
static int here_fd, there_fd; /* namespaces */

/* Two new network namespaces; we are in the first. false: this kernel cannot. */
static bool
two_namespaces (void)
{
	if (unshare (CLONE_NEWNET) < 0)
		return false;
	there_fd = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare (CLONE_NEWNET) < 0)
		return false;
	here_fd = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return here_fd >= 0 && there_fd >= 0;
}

/* Any kind that this kernel has and that may change its namespace (a bridge may not). */
static bool
make_device (const char *name)
{
	static const char *const kinds[] = { "dummy", "ifb", "veth" };
	const struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	int fd = netlink_open (NETLINK_ROUTE), result = -1;

	for (size_t i = 0; i < ARRAY_SIZE (kinds) && result != 0; i++) {
		struct {
			struct rtattr a;
			char kind[8];
		} info = { { (unsigned short) RTA_LENGTH (strlen (kinds[i])), IFLA_INFO_KIND },
			   "" };
		struct netlink_request r;

		memcpy (info.kind, kinds[i], strlen (kinds[i]));
		netlink_begin (&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
		netlink_put (&r, IFLA_IFNAME, name, strlen (name) + 1);
		netlink_put (&r, IFLA_LINKINFO, &info, RTA_LENGTH (strlen (kinds[i])));
		result = netlink_ask (fd, &r);
	}
	close (fd);
	return result == 0;
}

static int
add_address (const char *name, int family, const char *text, unsigned char prefix,
	     unsigned char scope)
{
	const struct ifaddrmsg head = { .ifa_family = (unsigned char) family,
					.ifa_prefixlen = prefix,
					.ifa_scope = scope,
					.ifa_index = if_nametoindex (name) };
	unsigned char bytes[16];
	size_t len = family == AF_INET ? 4 : 16;
	struct netlink_request r;
	int fd = netlink_open (NETLINK_ROUTE), result;

	inet_pton (family, text, bytes);
	netlink_begin (&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	netlink_put (&r, IFA_LOCAL, bytes, len);
	netlink_put (&r, IFA_ADDRESS, bytes, len);
	result = netlink_ask (fd, &r);
	close (fd);
	return result;
}

struct found {
	unsigned index, n;
	char text[8][64];
};

static int
find_address (const struct nlmsghdr *m, void *ctx)
{
	const struct ifaddrmsg *head = NLMSG_DATA (m);
	const struct rtattr *attr[IFA_ADDRESS + 1];
	struct found *f = ctx;
	char text[48];

	if (head->ifa_index != f->index || head->ifa_scope == RT_SCOPE_LINK || f->n == 8)
		return 0;
	netlink_attributes (m, sizeof *head, attr, ARRAY_SIZE (attr));
	inet_ntop (head->ifa_family, RTA_DATA (attr[IFA_ADDRESS]), text, sizeof text);
	snprintf (f->text[f->n++], 64, "%s/%u", text, head->ifa_prefixlen);
	return 0;
}

static struct found
addresses_of (const char *name)
{
	const struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };
	struct found f = { .index = if_nametoindex (name) };
	struct netlink_request r;
	int fd = netlink_open (NETLINK_ROUTE);

	netlink_begin (&r, RTM_GETADDR, 0, &any, sizeof any);
	EQ (netlink_dump (fd, &r, find_address, &f), 0);
	close (fd);
	return f;
}

static bool
is_up (const char *name)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int s = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy (ifr.ifr_name, name, sizeof ifr.ifr_name - 1);
	(void) ioctl (s, SIOCGIFFLAGS, &ifr);
	close (s);
	return ifr.ifr_flags & IFF_UP;
}

static void
move_with_addresses (void)
{
	const struct net_device devs[] = { { "b0", "net1", "linux.netDevices.b0" } };
	struct found f;

	if (!two_namespaces () || !make_device ("b0"))
		return;
	EQ (add_address ("b0", AF_INET, "10.9.8.7", 24, RT_SCOPE_UNIVERSE), 0);
	EQ (add_address ("b0", AF_INET, "10.9.8.9", 32, RT_SCOPE_LINK), 0);
	bool v6 = add_address ("b0", AF_INET6, "fd00::7", 64, RT_SCOPE_UNIVERSE) == 0;
	EQ (netdev_move_all (devs, 1, there_fd, &e), 0);
	EQ (if_nametoindex ("b0"), 0);
	EQ (if_nametoindex ("net1"), 0);
	EQ (setns (there_fd, CLONE_NEWNET), 0);
	OK (if_nametoindex ("net1") > 0);
	OK (is_up ("net1"));
	f = addresses_of ("net1");
	EQ (f.n, v6 ? 2 : 1);
	STREQ (f.text[0], "10.9.8.7/24");
	if (v6)
		STREQ (f.text[1], "fd00::7/64");
}

TEST (a_device_keeps_its_global_addresses)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (move_with_addresses);
}

static void
taken_name (void)
{
	const struct net_device devs[] = { { "b0", "b1", "linux.netDevices.b0" } };

	if (!two_namespaces () || !make_device ("b0"))
		return;
	setns (there_fd, CLONE_NEWNET);
	OK (make_device ("b1"));
	setns (here_fd, CLONE_NEWNET);
	FAILS_WITH (netdev_move_all (devs, 1, there_fd, &e), &e,
		    "linux.netDevices.b0: the container has a network device 'b1' already");
	/* The same name on both sides. */
	OK (make_device ("b1"));
	const struct net_device same[] = { { "b1", "b1", "linux.netDevices.b1" } };
	FAILS_WITH (netdev_move_all (same, 1, there_fd, &e), &e,
		    "has a network device 'b1' already");
	OK (if_nametoindex ("b1") > 0);
}

TEST (a_name_that_is_taken)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (taken_name);
}

static void
patterns (void)
{
	const struct net_device devs[] = { { "b0", "eth%d", "x" }, { "b1", "eth%d", "y" } };

	if (!two_namespaces () || !make_device ("b0") || !make_device ("b1"))
		return;
	setns (there_fd, CLONE_NEWNET);
	OK (make_device ("eth0"));
	setns (here_fd, CLONE_NEWNET);
	EQ (netdev_move_all (devs, 2, there_fd, &e), 0);
	setns (there_fd, CLONE_NEWNET);
	OK (if_nametoindex ("eth1") > 0);
	OK (if_nametoindex ("eth2") > 0);
	OK (is_up ("eth2"));
}

TEST (a_pattern_takes_the_first_free_name)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (patterns);
}

static void
missing (void)
{
	const struct net_device devs[] = { { "nosuch0", "nosuch0", "linux.netDevices.nosuch0" } },
				lo[] = { { "lo", "lo1", "linux.netDevices.lo" } };

	if (!two_namespaces ())
		return;
	FAILS_WITH (netdev_move_all (devs, 1, there_fd, &e), &e,
		    "linux.netDevices.nosuch0: network device 'nosuch0'");
	EQ (e.num, ENODEV);
	FAILS_WITH (netdev_move_all (lo, 1, there_fd, &e), &e,
		    "network device 'lo' cannot leave its namespace");
	EQ (netdev_move_all (NULL, 0, -1, &e), 0);
}

TEST (devices_that_cannot_be_moved)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (missing);
}

static void
loopback (void)
{
	if (unshare (CLONE_NEWNET) < 0)
		return;
	OK (!is_up ("lo"));
	EQ (loopback_up (&e), 0);
	OK (is_up ("lo"));
}

TEST (loopback_goes_up)
{
	if (geteuid () != 0)
		SKIP ("needs root");
	in_child (loopback);
}

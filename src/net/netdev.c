/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network devices moved into a container (config-linux.md, "Network Devices"). */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/net.h"
#include "plan/plan.h"
#include "sys/netlink.h"

#define ADDRESSES_MAX 64
#define PATTERN_MAX   4096 /* eth0 … eth4095 */
#define ADDRESS_BYTES 16

struct address {
	struct ifaddrmsg head;
	struct {
		unsigned char bytes[ADDRESS_BYTES];
		size_t len;
	} local, peer, broadcast;
	uint32_t flags;
};

struct mover {
	int here, there; /* rtnetlink sockets of the runtime's and of the container's network
			    namespace */
	int names_here, names_there; /* and datagram sockets, to ask for names */
	int netns_fd;
};

static int
index_of (int sock, const char *name)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };

	if (strlen (name) >= sizeof ifr.ifr_name)
		return -ENAMETOOLONG;
	memcpy (ifr.ifr_name, name, strlen (name));
	return ioctl (sock, SIOCGIFINDEX, &ifr) < 0 ? -errno : ifr.ifr_ifindex;
}

/* ---- addresses: the kernel drops them when a device changes its namespace */

struct addresses {
	int index;
	struct address v[ADDRESSES_MAX];
	size_t n;
	bool too_many;
};

static void
copy_address (void *to, size_t *len, const struct rtattr *a)
{
	if (!a || RTA_PAYLOAD (a) > ADDRESS_BYTES)
		return;
	memcpy (to, RTA_DATA (a), RTA_PAYLOAD (a));
	*len = RTA_PAYLOAD (a);
}

/* Global and permanent: the others are of the link, or were lent by a server that knows the host.
 */
static int
collect_address (const struct nlmsghdr *m, void *ctx)
{
	struct addresses *all = ctx;
	const struct ifaddrmsg *head = NLMSG_DATA (m);
	const struct rtattr *attr[IFA_FLAGS + 1];
	struct address *a;

	if (m->nlmsg_type != RTM_NEWADDR || (int) head->ifa_index != all->index ||
	    head->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	netlink_attributes (m, sizeof *head, attr, ARRAY_SIZE (attr));
	if (all->n == ADDRESSES_MAX) {
		all->too_many = true;
		return 0;
	}
	a = &all->v[all->n];
	*a = (struct address) { .head = *head, .flags = head->ifa_flags };
	if (attr[IFA_FLAGS])
		memcpy (&a->flags, RTA_DATA (attr[IFA_FLAGS]), sizeof a->flags);
	if (!(a->flags & IFA_F_PERMANENT))
		return 0;
	copy_address (a->local.bytes, &a->local.len, attr[IFA_LOCAL]);
	copy_address (a->peer.bytes, &a->peer.len, attr[IFA_ADDRESS]);
	copy_address (a->broadcast.bytes, &a->broadcast.len, attr[IFA_BROADCAST]);
	all->n++;
	return 0;
}

static int
read_addresses (int fd, int index, struct addresses *ret)
{
	const struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };
	struct netlink_request r;

	ret->index = index;
	ret->n = 0;
	ret->too_many = false;
	netlink_begin (&r, RTM_GETADDR, 0, &any, sizeof any);
	return netlink_dump (fd, &r, collect_address, ret);
}

static int
add_address (int fd, int index, const struct address *a)
{
	const struct ifaddrmsg head = {
		.ifa_family = a->head.ifa_family,
		.ifa_prefixlen = a->head.ifa_prefixlen,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (unsigned) index,
	};
	uint32_t flags = a->flags & (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS);
	struct netlink_request r;
	int result;

	netlink_begin (&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	if (a->local.len)
		netlink_put (&r, IFA_LOCAL, a->local.bytes, a->local.len);
	if (a->peer.len)
		netlink_put (&r, IFA_ADDRESS, a->peer.bytes, a->peer.len);
	if (a->broadcast.len)
		netlink_put (&r, IFA_BROADCAST, a->broadcast.bytes, a->broadcast.len);
	if (flags)
		netlink_put (&r, IFA_FLAGS, &flags, sizeof flags);
	result = netlink_ask (fd, &r);
	return result == -EEXIST ? 0 : result;
}

/* ---- one device */

/* "eth%d": the first that is free. Chosen here, so that one message can both move and name it. */
static int
choose_name (const struct mover *m, const struct net_device *dev, unsigned from,
	     char name[IFNAMSIZ], unsigned *ret_number)
{
	const char *percent = strstr (dev->new_name, "%d");

	for (unsigned i = from; percent && i < PATTERN_MAX; i++) {
		int n = snprintf (name, IFNAMSIZ, "%.*s%u%s", (int) (percent - dev->new_name),
				  dev->new_name, i, percent + 2);

		if (n >= IFNAMSIZ)
			return -ENAMETOOLONG;
		*ret_number = i;
		if (index_of (m->names_there, name) == -ENODEV)
			return 0;
	}
	if (percent)
		return -ENFILE;
	snprintf (name, IFNAMSIZ, "%s", dev->new_name);
	return 0;
}

/*
 * The kernel moves first and renames then: a device whose new name is taken would be in the
 * container under its old one, and end with it. So the name is looked for before; nobody else is in
 * there yet.
 */
static int
move_and_rename (const struct mover *m, int index, const char *name)
{
	const struct ifinfomsg head = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	uint32_t fd = (uint32_t) m->netns_fd;
	struct netlink_request r;

	netlink_begin (&r, RTM_NEWLINK, 0, &head, sizeof head);
	netlink_put (&r, IFLA_NET_NS_FD, &fd, sizeof fd);
	netlink_put (&r, IFLA_IFNAME, name, strlen (name) + 1);
	return netlink_ask (m->here, &r);
}

static int
set_up (int fd, int index)
{
	const struct ifinfomsg head = { .ifi_family = AF_UNSPEC,
					.ifi_index = index,
					.ifi_flags = IFF_UP,
					.ifi_change = IFF_UP };
	struct netlink_request r;

	netlink_begin (&r, RTM_NEWLINK, 0, &head, sizeof head);
	return netlink_ask (fd, &r);
}

static int
rename_conflict (const struct net_device *dev, const char *name, int error, struct err *e)
{
	if (error == -EEXIST)
		return err_set (e, EEXIST, "%s: the container has a network device '%s' already",
				dev->json_path, name);
	if (error == -EINVAL)
		return err_set (e, EINVAL, "%s: network device '%s' cannot leave its namespace",
				dev->json_path, dev->name);
	return err_set (e, -error, "%s: move network device '%s' into the container as '%s'",
			dev->json_path, dev->name, name);
}

static int
move_device (const struct mover *m, const struct net_device *dev, struct err *e)
{
	int index = index_of (m->names_here, dev->name), r;
	char name[IFNAMSIZ] = "";
	struct addresses addresses;
	unsigned number = 0;

	if (index < 0)
		return err_set (e, -index, "%s: network device '%s'", dev->json_path, dev->name);
	r = read_addresses (m->here, index, &addresses);
	if (r < 0 || addresses.too_many)
		return err_set (e, r < 0 ? -r : 0, "%s: read the addresses of '%s'%s",
				dev->json_path, dev->name, r < 0 ? "" : ": too many");
	do { /* again if somebody took the name that a pattern got */
		r = choose_name (m, dev, number, name, &number);
		if (r == 0)
			r = index_of (m->names_there, name) >= 0 ? -EEXIST
								 : move_and_rename (m, index, name);
	} while (r == -EEXIST && strchr (dev->new_name, '%') && ++number < PATTERN_MAX);
	if (r < 0)
		return rename_conflict (dev, name, r, e);
	index = index_of (m->names_there, name);
	if (index < 0)
		return err_set (e, -index, "%s: '%s' in the container", dev->json_path, name);
	for (size_t i = 0; i < addresses.n; i++) {
		r = add_address (m->there, index, &addresses.v[i]);
		if (r < 0)
			return err_set (e, -r, "%s: give '%s' its addresses back", dev->json_path,
					name);
	}
	r = set_up (m->there, index);
	return r < 0 ? err_set (e, -r, "%s: bring up '%s'", dev->json_path, name) : 0;
}

/* ---- all of them */

/* Sockets belong to the namespace they are made in: being there for two calls is enough. */
static int
open_there (struct mover *m, struct err *e)
{
	autofd own = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (own < 0)
		return err_set (e, errno, "open `/proc/self/ns/net`");
	if (setns (m->netns_fd, CLONE_NEWNET) < 0)
		return err_set (e, errno, "join the network namespace of the container");
	m->there = netlink_open (NETLINK_ROUTE);
	m->names_there = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC,
				 0); /* SIOCGIFINDEX works on any */
	if (setns (own, CLONE_NEWNET) < 0)
		return err_set (e, errno, "return to the runtime's network namespace");
	if (m->there < 0 || m->names_there < 0)
		return err_set (e, m->there < 0 ? -m->there : errno,
				"socket in the network namespace of the container");
	return 0;
}

static int
open_here (struct mover *m, struct err *e)
{
	m->here = netlink_open (NETLINK_ROUTE);
	m->names_here = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (m->here < 0 || m->names_here < 0)
		return err_set (e, m->here < 0 ? -m->here : errno, "netlink socket");
	return 0;
}

int
netdev_move_all (const struct net_device *devs, size_t n, int netns_fd, struct err *e)
{
	struct mover m = {
		.here = -1, .there = -1, .names_here = -1, .names_there = -1, .netns_fd = netns_fd
	};
	int r = 0;

	if (n == 0)
		return 0;
	if (open_here (&m, e) < 0 || open_there (&m, e) < 0)
		r = -1;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = move_device (&m, &devs[i], e);
	autofd_close (&m.here);
	autofd_close (&m.there);
	autofd_close (&m.names_here);
	autofd_close (&m.names_there);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process in a container says to the service manager, on its way through the runtime. */
#include <string.h>

#include "container/notify.h"
#include "tap.h"

static char out[8256];

static const char *
translated (const char *in)
{
	out[notify_translate (in, strlen (in), 4242, out, sizeof out - 1)] = '\0';
	return out;
}

TEST (the_main_pid_is_that_of_the_host)
{
	STREQ (translated ("READY=1\nMAINPID=1\nSTATUS=up"), "READY=1\nMAINPID=4242\nSTATUS=up\n");
	STREQ (translated ("MAINPID=1"), "MAINPID=4242\n");
}

TEST (other_lines_stay_as_they_are)
{
	STREQ (translated ("WATCHDOG=1\nXMAINPID=1\n"), "WATCHDOG=1\nXMAINPID=1\n");
	STREQ (translated (""), "");
}

TEST (what_is_not_for_a_container_to_say_is_left_out)
{
	STREQ (translated ("FDSTORE=1\nFDNAME=a\nREADY=1"), "READY=1\n");
	STREQ (translated (
		       "NOTIFYACCESS=all\nFDSTOREREMOVE=1\nFDPOLL=0\nMAINPIDFD=1\nMAINPIDFDID=5"),
	       "");
	STREQ (translated ("STATUS=a\nBARRIER=1"), "STATUS=a\n");
	STREQ (translated ("FDSTORED=1\nFDSTORE\nXFDSTORE=1"), "FDSTORED=1\nFDSTORE\nXFDSTORE=1\n");
}

/* Each line grows: all of them together are more than there is room for. */
TEST (a_datagram_full_of_main_pids_stays_within_its_bounds)
{
	static char in[8190];
	size_t n;

	for (size_t i = 0; i + 10 <= sizeof in; i += 10)
		memcpy (in + i, "MAINPID=1\n", 10);
	n = notify_translate (in, sizeof in, 4194304, out, sizeof out);
	OK (n <= sizeof out);
	EQ (n % strlen ("MAINPID=4194304\n"), 0);
	OK (n > sizeof out - 20);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exchange A B: swaps two directory entries (renameat2, RENAME_EXCHANGE) as fast as it can until it
 * is killed: the attacker of race tests. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
	if (argc != 3)
		return 2;
	for (;;)
		if (renameat2 (AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE)) {
			perror ("exchange");
			return 1;
		}
}

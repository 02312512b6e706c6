/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* SHA-256 (FIPS 180-4), for names that nobody can choose to collide. */
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t h[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_init (struct sha256 *s);
void sha256_add (struct sha256 *s, const void *data, size_t n);
void sha256_finish (struct sha256 *s, uint8_t out[SHA256_SIZE]);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of the sanitizers, in the program: ASAN_OPTIONS does not reach coracle-helper, which gets
 * a clean environment. Memory is of arenas that are never freed, so that leaks mean nothing.
 */
#if defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
	return "detect_leaks=0:exitcode=99";
}
#else
typedef int iso_c_wants_a_declaration;
#endif

// SHA-256 of bytes that arrive in pieces, computed by OpenSSL's libcrypto.
#ifndef CSHA256_H
#define CSHA256_H

#include <stddef.h>

typedef struct csha256 csha256;

/// A new computation, which `csha256_free` ends; NULL where libcrypto offers no SHA-256.
csha256 *csha256_new(void);
void csha256_update(csha256 *state, const void *bytes, size_t count);
/// Writes the 32 bytes of the digest. Nothing may be added afterwards.
void csha256_finish(csha256 *state, unsigned char *digest);
void csha256_free(csha256 *state);

#endif

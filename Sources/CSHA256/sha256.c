#include "csha256.h"

#if !defined(__APPLE__)
#if !__has_include(<openssl/evp.h>)
#error "OpenSSL is not set up: run `make setup`"
#endif
#include <openssl/evp.h>

csha256 *csha256_new(void) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1) {
    return (csha256 *)context;
  }
  EVP_MD_CTX_free(context);
  return NULL;
}

void csha256_update(csha256 *state, const void *bytes, size_t count) {
  EVP_DigestUpdate((EVP_MD_CTX *)state, bytes, count);
}

void csha256_finish(csha256 *state, unsigned char *digest) {
  EVP_DigestFinal_ex((EVP_MD_CTX *)state, digest, NULL);
}

void csha256_free(csha256 *state) { EVP_MD_CTX_free((EVP_MD_CTX *)state); }
#endif

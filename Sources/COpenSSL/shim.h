// The headers of OpenSSL are included by CSHA256 alone.

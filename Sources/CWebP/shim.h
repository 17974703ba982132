#if __has_include("../../.deps/include/webp/decode.h")
#include "../../.deps/include/webp/decode.h"
#elif __has_include(<webp/decode.h>)
#include <webp/decode.h>
#else
#error "libwebp is not set up: run `make setup`"
#endif

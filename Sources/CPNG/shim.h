#if __has_include("../../.deps/include/png.h")
#include "../../.deps/include/png.h"
#elif __has_include(<png.h>)
#include <png.h>
#else
#error "libpng is not set up: run `make setup`"
#endif

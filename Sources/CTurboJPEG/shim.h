#if __has_include("../../.deps/include/turbojpeg.h")
#include "../../.deps/include/turbojpeg.h"
#elif __has_include(<turbojpeg.h>)
#include <turbojpeg.h>
#else
#error "libjpeg-turbo is not set up: run `make setup`"
#endif

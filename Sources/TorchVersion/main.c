#include <stdio.h>

#include "LetheTorch.h"

int main(void) {
  puts(ct_version());
  return 0;
}

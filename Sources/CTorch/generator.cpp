// CPU random generators, so that a seed means the same numbers on every device.
#include "protect.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>

namespace {
at::Generator *get(const ct_generator *generator) {
  return reinterpret_cast<at::Generator *>(const_cast<ct_generator *>(generator));
}
}  // namespace

ct_generator *ct_generator_new(uint64_t seed) {
  return reinterpret_cast<ct_generator *>(
      new at::Generator(at::make_generator<at::CPUGeneratorImpl>(seed)));
}

void ct_generator_free(ct_generator *generator) { delete get(generator); }

uint64_t ct_generator_seed(const ct_generator *generator) {
  return get(generator)->current_seed();
}

char *ct_generator_state(const ct_generator *generator, ct_tensor **result) {
  return protect([&] { *result = released(get(generator)->get_state()); });
}

char *ct_generator_set_state(ct_generator *generator, const ct_tensor *state) {
  return protect([&] { get(generator)->set_state(borrowed(state)); });
}

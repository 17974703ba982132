// Threads, devices, memory figures.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <sys/resource.h>
#include <torch/version.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "protect.hpp"

void ct_set_threads(int32_t count) { at::set_num_threads(count); }

int32_t ct_threads(void) { return at::get_num_threads(); }

const char *ct_version(void) { return TORCH_VERSION; }

char *ct_device_open(int32_t type, int32_t index) {
  return protect([&] {
    const auto kind = static_cast<c10::DeviceType>(type);
    if (kind == c10::DeviceType::CPU) return;
    if (kind == c10::DeviceType::CUDA) {
      // One binary serves machines with and without a GPU: the CUDA half is loaded when asked for.
      if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
        TORCH_CHECK(false, "the CUDA half of libtorch could not be loaded: ", dlerror());
      }
      TORCH_CHECK(at::globalContext().hasCUDA(), "this libtorch was built without CUDA");
    }
    c10::impl::VirtualGuardImpl guard(kind);
    TORCH_CHECK(
        index < guard.deviceCount(), "device ", index, " does not exist; there are ",
        static_cast<int>(guard.deviceCount()));
  });
}

char *ct_device_synchronize(int32_t type, int32_t index) {
  return protect([&] {
    const auto kind = static_cast<c10::DeviceType>(type);
    if (kind == c10::DeviceType::CPU) return;
    c10::impl::VirtualGuardImpl(kind).synchronizeDevice(static_cast<c10::DeviceIndex>(index));
  });
}

int64_t ct_peak_memory(int32_t type, int32_t index) {
  const auto kind = static_cast<c10::DeviceType>(type);
  if (kind == c10::DeviceType::CPU) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
    return usage.ru_maxrss;
#else
    return usage.ru_maxrss * 1024;
#endif
  }
  int64_t peak = 0;
  char *fault = protect([&] {
    auto stats = c10::getDeviceAllocator(kind)->getDeviceStats(static_cast<c10::DeviceIndex>(index));
    peak = stats.allocated_bytes[0].peak;
  });
  std::free(fault);
  return peak;
}

void ct_keep_freed_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

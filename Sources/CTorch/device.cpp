// Threads, devices, memory figures.
#include "protect.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstdio>
#include <dlfcn.h>
#include <filesystem>
#include <vector>
#include <sys/resource.h>
#include <torch/version.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace {

/// The folder that libtorch was loaded from.
std::filesystem::path libtorch_folder() {
  Dl_info info;
  const auto known = reinterpret_cast<void *>(&at::get_num_threads);
  return dladdr(known, &info) != 0 ? std::filesystem::path(info.dli_fname).parent_path() : "";
}

/// NVIDIA's wheels put their libraries into nvidia/*/lib beside torch. Some need one another without saying
/// where they are, so all are opened, as often as another one opens.
void load_nvidia_libraries(const std::filesystem::path &libtorch) {
  std::vector<std::filesystem::path> waiting;
  std::error_code none;
  for (const auto &package : std::filesystem::directory_iterator(libtorch / "../../nvidia", none)) {
    for (const auto &file : std::filesystem::directory_iterator(package.path() / "lib", none)) {
      if (file.path().filename().string().find(".so") != std::string::npos) {
        waiting.push_back(file.path());
      }
    }
  }
  for (size_t before = waiting.size() + 1; waiting.size() < before;) {
    before = waiting.size();
    std::vector<std::filesystem::path> left;
    for (const auto &file : waiting) {
      if (dlopen(file.c_str(), RTLD_LAZY | RTLD_GLOBAL) == nullptr) left.push_back(file);
    }
    waiting = left;
  }
}

/// Whether the device's memory is that of the machine.
bool is_machine(c10::DeviceType kind) {
  return kind == c10::DeviceType::CPU || kind == rehearsal::kind;
}

}  // namespace

void ct_set_threads(int32_t count) { at::set_num_threads(count); }

int32_t ct_threads(void) { return at::get_num_threads(); }

const char *ct_version(void) { return TORCH_VERSION; }

char *ct_device_open(int32_t type, int32_t index) {
  return protect([&] {
    const auto kind = static_cast<c10::DeviceType>(type);
    if (kind == c10::DeviceType::CPU) return;
    if (kind == rehearsal::kind) rehearsal::open();
    if (kind == c10::DeviceType::CUDA) {
      // One binary serves machines with and without a GPU: the CUDA half is loaded when asked for.
      const auto folder = libtorch_folder();
      const auto half = folder / "libtorch_cuda.so";
      if (dlopen(half.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) load_nvidia_libraries(folder);
      if (dlopen(half.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
        TORCH_CHECK(false, "the CUDA half of libtorch could not be loaded: ", dlerror());
      }
      TORCH_CHECK(at::globalContext().hasCUDA(), "libtorch finds no GPU, or no driver for it");
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
  if (is_machine(kind)) {
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

int64_t ct_memory(int32_t type, int32_t index) {
  const auto kind = static_cast<c10::DeviceType>(type);
  if (is_machine(kind)) {
    return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  }
  int64_t total = 0;
  char *fault = protect([&] {
    const auto place = static_cast<c10::DeviceIndex>(index);
    total = static_cast<int64_t>(c10::getDeviceAllocator(kind)->getMemoryInfo(place).second);
  });
  std::free(fault);
  return total;
}

void ct_reset_peak_memory(int32_t type, int32_t index) {
  const auto kind = static_cast<c10::DeviceType>(type);
  if (is_machine(kind)) {
#if defined(__linux__)
    // proc(5): "5" sets the peak of resident memory back to what is resident now.
    if (FILE *file = std::fopen("/proc/self/clear_refs", "w")) {
      std::fputs("5", file);
      std::fclose(file);
    }
#endif
    return;
  }
  char *fault = protect([&] {
    c10::getDeviceAllocator(kind)->resetPeakStats(static_cast<c10::DeviceIndex>(index));
  });
  std::free(fault);
}

void ct_keep_freed_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

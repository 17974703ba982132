// c10d's group over NCCL, which adds tensors from GPU to GPU.
//
// Its class is declared in a header that needs NVIDIA's toolkit, which a machine that builds this library need not have. Its
// two constructors are looked up by name in the CUDA half once that half is loaded; all else is virtual in c10d::Backend,
// which every build has. The names are those of libtorch 2.11 and 2.13. Where one is missing, ranks add over Gloo.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <dlfcn.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <cstdlib>
#include <new>
#include <optional>
#include <thread>

namespace nccl {

using Group = c10::intrusive_ptr<c10d::Backend>;

/// Members of c10d::ProcessGroupNCCL as the functions that they are compiled to.
struct Members {
  using Store = c10::intrusive_ptr<c10d::Store>;
  using Options = c10::intrusive_ptr<c10d::Backend::Options>;
  void (*construct)(void *group, Store store, int rank, int size, Options options);
  void (*construct_options)(void *options, bool is_high_priority);

  static const Members *find() {
    static const std::optional<Members> found = []() -> std::optional<Members> {
      Members m{};
      bool all = true;
      auto look = [&](auto &member, const char *name) {
        member = reinterpret_cast<std::decay_t<decltype(member)>>(dlsym(RTLD_DEFAULT, name));
        all = all && member != nullptr;
      };
      look(
          m.construct,
          "_ZN4c10d16ProcessGroupNCCLC1EN3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_target_default_null_typeIS3_"
          "EEEEiiNS2_INS0_7OptionsENS5_IS8_EEEE");
      look(m.construct_options, "_ZN4c10d16ProcessGroupNCCL7OptionsC1Eb");
      return all ? std::optional(m) : std::nullopt;
    }();
    return found ? &*found : nullptr;
  }
};

/// Room for an object of a class whose size (1,152 bytes in 2.13) its header alone knows. Its own destructor gives it back.
constexpr size_t room = 1 << 14;

/// An object that `construct` makes in new memory; the memory goes where that throws.
template <typename Base, typename Construct>
c10::intrusive_ptr<Base> made(Construct construct) {
  void *place = ::operator new(room);
  try {
    construct(place);
  } catch (...) {
    ::operator delete(place);
    throw;
  }
  return c10::intrusive_ptr<Base>::unsafe_steal_from_new(static_cast<Base *>(place));
}

/// - Throws: c10::Error where the CUDA half has no NCCL or finds no GPU
inline Group open(
    c10::intrusive_ptr<c10d::Store> store, int rank, int size, std::chrono::milliseconds patience) {
  const auto *members = Members::find();
  TORCH_CHECK(members != nullptr, "this libtorch has no NCCL");
  // Faults are looked for where a rank waits, which ends it with a sentence. libtorch's own threads would end the process
  // without one, or write files about its state. The user's settings win.
  setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", 0);
  setenv("TORCH_NCCL_ENABLE_MONITORING", "0", 0);
  setenv("TORCH_NCCL_DUMP_ON_TIMEOUT", "0", 0);
  auto options = made<c10d::Backend::Options>(
      [&](void *place) { members->construct_options(place, /*is_high_priority=*/false); });
  options->timeout = patience;
  return made<c10d::Backend>(
      [&](void *place) { members->construct(place, std::move(store), rank, size, options); });
}

/// Waits for a sum or an exchange. NCCL's own wait leaves a rank that has died to the GPU, which waits without end.
inline void wait(c10d::Work &work, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!work.isCompleted()) {
    TORCH_CHECK(
        std::chrono::steady_clock::now() < end, "the other ranks have not answered over NCCL for ",
        patience.count() / 1000, " s");
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  if (const auto fault = work.exception()) std::rethrow_exception(fault);
  // The stream of this thread comes after the exchange.
  work.synchronize();
}

}  // namespace nccl

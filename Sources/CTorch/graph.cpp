// CUDA graphs: work of a GPU that is recorded once and started as a whole from then on.
//
// libtorch's class for it, at::cuda::CUDAGraph, is declared in a header that needs the CUDA toolkit, which a machine that
// builds this library need not have. Its members are looked up by name in the CUDA half once that half is loaded. Their
// signatures are the same in the headers of libtorch 2.11 and 2.13; only 2.11 has been run. Where one is missing, nothing is recorded.
#include "protect.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace {

/// Members of at::cuda::CUDAGraph as the functions that they are compiled to.
struct GraphMembers {
  using Pool = std::pair<unsigned long long, unsigned long long>;
  void (*construct)(void *graph, bool keeps_source);
  void (*destroy)(void *graph);
  void (*begin)(void *graph, Pool pool, int mode);
  void (*end)(void *graph);
  void (*replay)(void *graph);

  static const GraphMembers *find() {
    static const std::optional<GraphMembers> found = []() -> std::optional<GraphMembers> {
      GraphMembers m{};
      bool all = true;
      auto look = [&](auto &member, const char *name) {
        member = reinterpret_cast<std::decay_t<decltype(member)>>(dlsym(RTLD_DEFAULT, name));
        all = all && member != nullptr;
      };
      look(m.construct, "_ZN2at4cuda9CUDAGraphC1Eb");
      look(m.destroy, "_ZN2at4cuda9CUDAGraphD1Ev");
      look(m.begin, "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
      look(m.end, "_ZN2at4cuda9CUDAGraph11capture_endEv");
      look(m.replay, "_ZN2at4cuda9CUDAGraph6replayEv");
      return all ? std::optional(m) : std::nullopt;
    }();
    return found ? &*found : nullptr;
  }
};

/// A recording, and while it is made the stream that the thread had before.
struct Graph {
  const GraphMembers &members;
  const c10::Device device;
  std::optional<c10::Stream> before;
  bool is_made = false;
  /// Room for the class, whose size (about 250 bytes in 2.11) its header alone knows.
  alignas(std::max_align_t) unsigned char storage[8192] = {};

  Graph(const GraphMembers &members, c10::Device device) : members(members), device(device) {}
  ~Graph() {
    give_back_stream();
    if (is_made) members.destroy(storage);
  }
  void give_back_stream() {
    if (before) c10::impl::VirtualGuardImpl(device.type()).exchangeStream(*before);
    before.reset();
  }
};

Graph *get(ct_graph *graph) { return reinterpret_cast<Graph *>(graph); }

}  // namespace

bool ct_graph_can_record(int32_t type) {
  return static_cast<c10::DeviceType>(type) == c10::DeviceType::CUDA && GraphMembers::find() != nullptr;
}

char *ct_graph_begin(int32_t type, int32_t index, ct_graph **result) {
  return protect([&] {
    const c10::Device device(static_cast<c10::DeviceType>(type), static_cast<c10::DeviceIndex>(index));
    const auto *members = GraphMembers::find();
    TORCH_CHECK(members != nullptr, "this libtorch records no work of ", device);
    // The stream that is recorded is that of the current device.
    const c10::DeviceGuard current(device);
    auto graph = std::make_unique<Graph>(*members, device);
    const c10::impl::VirtualGuardImpl guard(device.type());
    // The stream that all work runs on cannot be recorded. Another one begins where all that is queued has ended.
    guard.synchronizeDevice(device.index());
    graph->before = guard.exchangeStream(guard.getNewStream(device));
    members->construct(graph->storage, false);
    graph->is_made = true;
    // cudaStreamCaptureModeThreadLocal: other threads may allocate meanwhile, as those of backward passes do.
    members->begin(graph->storage, {0, 0}, 1);
    *result = reinterpret_cast<ct_graph *>(graph.release());
  });
}

char *ct_graph_end(ct_graph *graph) {
  return protect([&] {
    struct Restored {
      Graph *graph;
      ~Restored() { graph->give_back_stream(); }
    } restored{get(graph)};
    const c10::DeviceGuard current(get(graph)->device);
    get(graph)->members.end(get(graph)->storage);
  });
}

char *ct_graph_replay(ct_graph *graph) {
  return protect([&] {
    const c10::DeviceGuard current(get(graph)->device);
    get(graph)->members.replay(get(graph)->storage);
  });
}

void ct_graph_free(ct_graph *graph) {
  // Faults of the driver at the end have nobody who could act on them.
  std::free(protect([&] { delete get(graph); }));
}

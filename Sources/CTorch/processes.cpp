// Processes that work together: c10d's store, its process group over Gloo, and the one over NCCL for GPUs.
#include "protect.hpp"

#define USE_C10D_GLOO
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <array>
#include <mutex>

#include "gradients.hpp"
#include "nccl.hpp"

struct ct_store {
  c10::intrusive_ptr<c10d::TCPStore> store;
};

struct ct_group {
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  std::chrono::milliseconds patience;
  /// Null until the ranks agree on it.
  nccl::Group nccl;

  bool isOverNCCL(const at::Tensor &tensor) const { return nccl && tensor.is_cuda(); }

  c10d::Backend &backend(const at::Tensor &tensor) const {
    return isOverNCCL(tensor) ? *nccl : static_cast<c10d::Backend &>(*gloo);
  }

  /// The numbers side by side where the backend takes them: on the GPU for NCCL, in the memory of the machine for Gloo.
  at::Tensor laid(const at::Tensor &tensor) const {
    return (isOverNCCL(tensor) ? tensor : tensor.cpu()).contiguous();
  }

  void wait(c10d::Work &work, const at::Tensor &tensor) const {
    if (isOverNCCL(tensor)) {
      nccl::wait(work, patience);
    } else {
      work.wait();
    }
  }
};

namespace {

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

/// The program says in one sentence why nobody answers; libtorch's log says it in fifty lines. The level is a plain global that
/// threads of libtorch read, so that it is written once.
void silence_log() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (!std::getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
  });
}

c10::intrusive_ptr<c10d::Work> sum(ct_group *group, const at::Tensor &tensor) {
  std::vector<at::Tensor> one{tensor};
  return group->backend(tensor).allreduce(one);
}

/// Gradients that are summed over the ranks some at a time, while the others are still computed. The buckets are begun
/// in one order on all ranks, from the last tensor to the first, which is about the order of the backward pass.
class Buckets {
 public:
  Buckets(ct_group *group, const std::vector<at::Tensor> &leaves, int64_t capacity)
      : group_(group), leaves_(leaves), found_(leaves.size()), place_(leaves.size()),
        left_(leaves.size()) {
    int64_t bytes = capacity;
    for (int64_t i = static_cast<int64_t>(leaves.size()) - 1; i >= 0; i--) {
      const bool isOther = !buckets_.empty() &&
          leaves[buckets_.back().members[0]].scalar_type() != leaves[i].scalar_type();
      if (bytes >= capacity || isOther) {
        buckets_.emplace_back();
        bytes = 0;
      }
      bytes += static_cast<int64_t>(leaves[i].nbytes());
      buckets_.back().members.push_back(i);
      buckets_.back().waiting++;
      place_[i] = buckets_.size() - 1;
    }
  }

  /// Returns the number of buckets that this gradient was the last one for.
  int64_t take(int64_t i, const at::Tensor &gradient) {
    if (isTaken(i)) return 0;
    found_[i] = gradient;
    left_--;
    buckets_[place_[i]].waiting--;
    const auto before = next_;
    while (next_ < buckets_.size() && buckets_[next_].waiting == 0) begin(buckets_[next_++]);
    return static_cast<int64_t>(next_ - before);
  }

  bool isTaken(int64_t i) const { return found_[i].defined(); }
  bool isComplete() const { return left_ == 0; }

  /// The sums over the ranks, in the order of the leaves: parts of the buckets' memory where they have the leaves' layout
  /// and device. A pass over all gradients less counts, where a step is short.
  std::vector<at::Tensor> sums() {
    std::vector<at::Tensor> results(leaves_.size());
    for (auto &bucket : buckets_) {
      group_->wait(*bucket.work, bucket.flat);
      int64_t at = 0;
      for (int64_t i : bucket.members) {
        const auto &leaf = leaves_[i];
        const auto part = bucket.flat.narrow(0, at, leaf.numel()).view(leaf.sizes());
        at += leaf.numel();
        if (leaf.is_contiguous() && leaf.device() == part.device()) {
          results[i] = part;
          continue;
        }
        results[i] = at::empty_like(leaf, leaf.options().requires_grad(false));
        results[i].copy_(part);
      }
    }
    return results;
  }

 private:
  struct Bucket {
    std::vector<int64_t> members;
    int64_t waiting = 0;
    at::Tensor flat;
    c10::intrusive_ptr<c10d::Work> work;
  };

  void begin(Bucket &bucket) {
    std::vector<at::Tensor> parts;
    for (int64_t i : bucket.members) {
      parts.push_back(found_[i].to(leaves_[i].scalar_type()).reshape(-1));
    }
    bucket.flat = group_->laid(at::cat(parts));
    bucket.work = sum(group_, bucket.flat);
  }

  ct_group *group_;
  const std::vector<at::Tensor> &leaves_;
  std::vector<at::Tensor> found_;
  std::vector<size_t> place_;
  std::vector<Bucket> buckets_;
  size_t left_;
  size_t next_ = 0;
};

}  // namespace

char *ct_store_open(
    const char *host, int32_t port, bool serves, double seconds, ct_store **result) {
  return protect([&] {
    silence_log();
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = serves;
    options.waitWorkers = false;
    options.timeout = milliseconds(seconds);
    *result = new ct_store{c10::make_intrusive<c10d::TCPStore>(host, options)};
  });
}

int32_t ct_store_port(const ct_store *store) { return store->store->getPort(); }

void ct_store_close(ct_store *store) { delete store; }

char *ct_store_set(ct_store *store, const char *key, const void *bytes, int64_t count) {
  return protect([&] {
    const auto *first = static_cast<const uint8_t *>(bytes);
    store->store->set(key, std::vector<uint8_t>(first, first + count));
  });
}

char *ct_store_get(ct_store *store, const char *key, ct_tensor **result) {
  return protect([&] {
    if (!store->store->check({key})) return;
    const auto bytes = store->store->get(key);
    auto tensor = at::empty({static_cast<int64_t>(bytes.size())}, at::kByte);
    std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
    *result = released(std::move(tensor));
  });
}

char *ct_store_add(ct_store *store, const char *key, int64_t amount, int64_t *sum) {
  return protect([&] { *sum = store->store->add(key, amount); });
}

char *ct_group_open(
    ct_store *store, const char *interface, const char *host, int32_t rank, int32_t size,
    double seconds, ct_group **result) {
  return protect([&] {
    using Gloo = c10d::ProcessGroupGloo;
    auto options = Gloo::Options::create(milliseconds(seconds));
    options->devices.push_back(
        interface != nullptr ? Gloo::createDeviceForInterface(interface)
        : host != nullptr    ? Gloo::createDeviceForHostname(host)
                             : Gloo::createDefaultDevice());
    *result = new ct_group{
        store->store, c10::make_intrusive<Gloo>(store->store, rank, size, options),
        milliseconds(seconds), nullptr};
  });
}

void ct_group_close(ct_group *group) { delete group; }

bool ct_nccl_is_there(void) { return nccl::Members::find() != nullptr; }

char *ct_card(int32_t index) {
  // NCCL tells GPUs apart by this name too.
  using BusId = int (*)(char *name, int capacity, int device);
  const auto ask = reinterpret_cast<BusId>(dlsym(RTLD_DEFAULT, "cudaDeviceGetPCIBusId"));
  std::array<char, 64> name{};
  const bool isKnown =
      ask != nullptr && ask(name.data(), static_cast<int>(name.size()) - 1, index) == 0;
  return copied(isKnown ? std::string(name.data()) : "GPU " + std::to_string(index));
}

char *ct_group_use_nccl(ct_group *group) {
  return protect([&] {
    if (group->nccl) return;
    group->nccl = nccl::open(
        c10::make_intrusive<c10d::PrefixStore>("nccl", group->store), group->gloo->getRank(),
        group->gloo->getSize(), group->patience);
  });
}

char *ct_group_leave_nccl(ct_group *group) {
  return protect([&] {
    if (!group->nccl) return;
    group->nccl->shutdown();
    group->nccl.reset();
  });
}

char *ct_group_sum(ct_group *group, ct_tensor *tensor) {
  return protect([&] {
    c10::NoGradGuard none;
    auto own = borrowed(tensor);
    auto copy = group->laid(own);
    group->wait(*sum(group, copy), copy);
    if (!copy.is_same(own)) own.copy_(copy);
  });
}

char *ct_group_broadcast(ct_group *group, ct_tensor *tensor, int32_t root) {
  return protect([&] {
    c10::NoGradGuard none;
    auto own = borrowed(tensor);
    std::vector<at::Tensor> one{group->laid(own)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    group->wait(*group->backend(one[0]).broadcast(one, options), one[0]);
    if (!one[0].is_same(own)) own.copy_(one[0]);
  });
}

char *ct_group_gather(ct_group *group, const ct_tensor *tensor, ct_tensor **result) {
  return protect([&] {
    c10::NoGradGuard none;
    auto own = borrowed(tensor);
    std::vector<at::Tensor> one{group->laid(own.detach())};
    std::vector<std::vector<at::Tensor>> all(1);
    for (int i = 0; i < group->gloo->getSize(); i++) all[0].push_back(at::empty_like(one[0]));
    group->wait(*group->backend(one[0]).allgather(all, one), one[0]);
    *result = released(at::cat(all[0]).to(own.device()));
  });
}

char *ct_group_barrier(ct_group *group) {
  return protect([&] { group->gloo->barrier()->wait(); });
}

char *ct_group_gradients(
    ct_group *group, const ct_tensor *root, ct_tensor *const *inputs, int64_t input_count,
    int64_t bucket_bytes, ct_tensor **results, int64_t *overlapping) {
  return protect([&] {
    *overlapping = 0;
    std::vector<at::Tensor> leaves;
    for (int64_t i = 0; i < input_count; i++) leaves.push_back(borrowed(inputs[i]));
    Buckets buckets(group, leaves, bucket_bytes);
    const auto loss = borrowed(root);
    std::vector<at::Tensor> found(leaves.size());
    // The mean is the sum of gradients of shares of the loss, which takes no pass over the gradients.
    const auto share = at::full_like(loss.detach(), 1.0 / group->gloo->getSize());
    // A rank without a row of the batch has a loss without a graph, and adds zeros.
    if (loss.requires_grad()) {
      GradientDepth depth;
      const auto owner = std::this_thread::get_id();
      std::vector<unsigned> hooks;
      for (int64_t i = 0; i < input_count; i++) {
        hooks.push_back(leaves[i].register_hook([&buckets, i, owner, overlapping](at::Tensor gradient) {
          // The backward pass of a part that is computed again reaches the same leaves with a part of the gradient.
          if (!GradientDepth::isOutermost(owner)) return;
          const auto begun = buckets.take(i, gradient);
          if (!buckets.isComplete()) *overlapping += begun;
        }));
      }
      const auto clear = [&] {
        for (int64_t i = 0; i < input_count; i++) leaves[i].remove_hook(hooks[i]);
      };
      try {
        found = torch::autograd::grad(
            {loss}, leaves, {share}, /*retain_graph=*/false, /*create_graph=*/false,
            /*allow_unused=*/true);
      } catch (...) {
        clear();
        throw;
      }
      clear();
    }
    c10::NoGradGuard none;
    for (int64_t i = input_count - 1; i >= 0; i--) {
      if (buckets.isTaken(i)) continue;
      buckets.take(i, found[i].defined() ? found[i] : at::zeros_like(leaves[i]));
    }
    auto sums = buckets.sums();
    for (int64_t i = 0; i < input_count; i++) results[i] = released(std::move(sums[i]));
  });
}

// A device that rehearses a GPU: its tensors lie in the memory of the machine, and no operator takes them beside tensors of
// the CPU. Operators run in the CPU's kernels, so numbers can be read and compared, which those of libtorch's `meta` device
// cannot; libtorch without Python has `meta` kernels for a part of its operators only, and they do not compare devices in
// products of matrices. Backward passes run in a thread of the device's own, as a GPU's do.
#include "protect.hpp"

#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>

namespace rehearsal {

constexpr auto kind = c10::DeviceType::PrivateUse1;
constexpr auto key = c10::DispatchKey::PrivateUse1;
const c10::Device place(kind, 0);

/// One device, whose work is done when a call returns.
struct Guard final : c10::impl::NoOpDeviceGuardImpl<kind> {
  c10::Device exchangeDevice(c10::Device) const override { return place; }
  c10::Device getDevice() const override { return place; }
  c10::Stream stream() const { return c10::Stream(c10::Stream::DEFAULT, place); }
  c10::Stream getStream(c10::Device) const noexcept override { return stream(); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(); }
  c10::Stream getNewStream(c10::Device, int) const override { return stream(); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return stream(); }
  void record(void **, const c10::Stream &, c10::DeviceIndex, c10::EventFlag) const override {}
  void block(void *, const c10::Stream &) const override {}
  bool queryEvent(void *) const override { return true; }
  void synchronizeEvent(void *) const override {}
  void synchronizeDevice(c10::DeviceIndex) const override {}
};

// Known from the start: libtorch counts devices at the first backward pass, and makes a thread for each.
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
};

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void *address = c10::alloc_cpu(bytes);
    return {address, address, &c10::free_cpu, place};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &c10::free_cpu; }
  void copy_data(void *to, const void *from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};
Memory allocator;

/// A tensor of the CPU over the memory of one of the device; others as they are.
at::Tensor on_cpu(const at::Tensor &tensor) {
  if (!tensor.defined() || tensor.device().type() != kind) return tensor;
  return at::from_blob(
      tensor.data_ptr(), tensor.sizes(), tensor.strides(), [tensor](void *) {},
      at::TensorOptions(tensor.scalar_type()));
}

c10::Storage over(const at::Tensor &tensor) {
  auto *owner = new at::Tensor(tensor);
  return c10::Storage(
      c10::Storage::use_byte_size_t(), tensor.storage().nbytes(),
      c10::DataPtr(
          tensor.storage().mutable_data(), owner,
          [](void *owner) { delete static_cast<at::Tensor *>(owner); }, place),
      &allocator, /*resizable=*/false);
}

/// A tensor of the device over the memory of one of the CPU.
at::Tensor on_device(const at::Tensor &tensor) {
  if (!tensor.defined()) return tensor;
  auto result = at::detail::make_tensor<c10::TensorImpl>(
      over(tensor), c10::DispatchKeySet(key), tensor.dtype());
  result.unsafeGetTensorImpl()->set_sizes_and_strides(
      tensor.sizes(), tensor.strides(), tensor.storage_offset());
  return result;
}

/// A call whose tensors are given to the CPU's kernel and back.
struct Call {
  const c10::OperatorHandle &op;
  /// Those that the operator writes into: of the device, and of the CPU.
  std::vector<std::pair<at::Tensor, at::Tensor>> written;

  /// - Parameter argument: tells whether the operator writes into it, or even gives it a size of its own
  at::Tensor given(const at::Tensor &tensor, const c10::Argument &argument) {
    if (!tensor.defined()) return tensor;
    if (tensor.device().type() != kind) {
      // A GPU takes single numbers of the CPU where an operator works number by number.
      TORCH_CHECK(
          tensor.dim() == 0 && op.hasTag(at::Tag::pointwise), op.schema().name(), " got a tensor ",
          tensor.sizes(), " of ", tensor.device(), " beside tensors of ", place);
      return tensor;
    }
    const auto *alias = argument.alias_info();
    if (alias == nullptr || !alias->isWrite()) return on_cpu(tensor);
    // Borrowed memory cannot grow.
    auto memory = argument.kwarg_only() || tensor.storage().nbytes() == 0
        ? at::empty_strided(tensor.sizes(), tensor.strides(), tensor.scalar_type())
        : on_cpu(tensor);
    written.emplace_back(tensor, memory);
    return memory;
  }

  void give(c10::IValue &value, const c10::Argument &argument) {
    if (value.isTensor()) {
      value = given(value.toTensor(), argument);
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const auto &tensor : value.toTensorVector()) list.push_back(given(tensor, argument));
      value = list;
    } else if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> list;
      for (const std::optional<at::Tensor> &tensor : value.toOptionalTensorVector()) {
        list.push_back(tensor ? std::optional<at::Tensor>(given(*tensor, argument)) : std::nullopt);
      }
      value = list;
    } else if (value.isDevice()) {
      value = c10::Device(c10::DeviceType::CPU);
    } else if (value.isGenerator()) {
      TORCH_CHECK(false, op.schema().name(), " draws numbers on ", place, " by a generator of the CPU");
    }
  }

  at::Tensor taken(const at::Tensor &tensor) {
    for (const auto &[device, memory] : written) {
      if (memory.is_same(tensor)) return device;
    }
    return on_device(tensor);
  }

  void take(c10::IValue &value) {
    if (value.isTensor()) {
      value = taken(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const auto &tensor : value.toTensorVector()) list.push_back(taken(tensor));
      value = list;
    }
  }
};

void call(const c10::OperatorHandle &op, torch::jit::Stack *stack) {
  if (waits(op.schema().name()) || op.schema().name() == "aten::_local_scalar_dense") {
    host_copies.waits++;
  }
  const auto &arguments = op.schema().arguments();
  Call call{op, {}};
  const auto first = stack->size() - arguments.size();
  for (size_t i = 0; i < arguments.size(); i++) {
    call.give((*stack)[first + i], arguments[i]);
  }
  {
    at::AutoDispatchBelowAutograd below;
    c10::impl::ExcludeDispatchKeyGuard types(c10::autocast_dispatch_keyset);
    op.callBoxed(stack);
  }
  for (const auto &[device, memory] : call.written) {
    if (device.data_ptr() == memory.data_ptr()) continue;
    if (device.sizes() == memory.sizes() && device.storage().nbytes() > 0) {
      on_cpu(device).copy_(memory);
      continue;
    }
    auto *tensor = device.unsafeGetTensorImpl();
    tensor->set_storage_keep_dtype(over(memory));
    tensor->set_sizes_and_strides(memory.sizes(), memory.strides(), memory.storage_offset());
  }
  const auto results = stack->size() - op.schema().returns().size();
  for (size_t i = results; i < stack->size(); i++) call.take((*stack)[i]);
}

at::Tensor empty(
    at::IntArrayRef sizes, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
    std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(
      sizes, &allocator, c10::DispatchKeySet(key), c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(
    at::IntArrayRef sizes, at::IntArrayRef strides, std::optional<at::ScalarType> dtype,
    std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(
      sizes, strides, &allocator, c10::DispatchKeySet(key), c10::dtype_or_default(dtype));
}

at::Tensor copy_from(const at::Tensor &source, const at::Tensor &to, bool goes_on) {
  const bool crosses = source.device().type() != to.device().type();
  if (crosses && !(goes_on && source.is_cpu())) host_copies.waits++;
  if (crosses && source.is_cpu()) {
    host_copies.uploads++;
    host_copies.uploaded_bytes += static_cast<int64_t>(source.nbytes());
  }
  on_cpu(to).copy_(on_cpu(source));
  return to;
}

/// Registers the device at its first use.
void open() {
  static const bool once = [] {
    static Hooks hooks;
    at::RegisterPrivateUse1HooksInterface(&hooks);
    c10::register_privateuse1_backend("rehearsal");
    auto boxed = [] { return torch::CppFunction::makeFromBoxedFunction<&call>(); };
    static torch::Library others(torch::Library::IMPL, "_", key, __FILE__, __LINE__);
    others.fallback(boxed());
    static torch::Library aten(torch::Library::IMPL, "aten", key, __FILE__, __LINE__);
    aten.impl("empty.memory_format", TORCH_FN(empty));
    aten.impl("empty_strided", TORCH_FN(empty_strided));
    aten.impl("_copy_from", TORCH_FN(copy_from));
    aten.impl("view", TORCH_FN(at::native::view));
    aten.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
    aten.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
    aten.impl("unfold", TORCH_FN(at::native::unfold));
    // Their general kernels ask which device it is, or add in another order than the CPU's.
    for (const char *name :
         {"convolution", "convolution_backward", "native_layer_norm", "native_group_norm"}) {
      aten.impl(name, boxed());
    }
    return true;
  }();
  (void)once;
}

}  // namespace rehearsal

namespace at::autocast {
namespace {
// Mixed precision of the operators that networks consist of; the others take the types that they are given.
TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }
TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
  KERNEL_PRIVATEUSEONE(conv2d, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(linear, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(matmul, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(scaled_dot_product_attention, lower_precision_fp)
}
}  // namespace
}  // namespace at::autocast

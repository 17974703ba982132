// Gradients, grad mode, autocast.
#include "protect.hpp"

#include "gradients.hpp"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

char *ct_gradients(
    ct_tensor *const *outputs, ct_tensor *const *output_gradients, int64_t output_count,
    ct_tensor *const *inputs, int64_t input_count, bool keep_graph, bool create_graph,
    ct_tensor **results) {
  return protect([&] {
    std::vector<at::Tensor> roots, seeds, leaves;
    for (int64_t i = 0; i < output_count; i++) {
      roots.push_back(borrowed(outputs[i]));
      seeds.push_back(output_gradients ? borrowed(output_gradients[i]) : at::Tensor());
    }
    for (int64_t i = 0; i < input_count; i++) leaves.push_back(borrowed(inputs[i]));
    GradientDepth depth;
    auto found = torch::autograd::grad(
        roots, leaves, seeds, keep_graph || create_graph, create_graph, /*allow_unused=*/true);
    for (int64_t i = 0; i < input_count; i++) {
      results[i] = found[i].defined() ? released(std::move(found[i])) : nullptr;
    }
  });
}

namespace {

/// The caller's backward pass, owned by the graph node that will run it.
struct Held : torch::CustomClassHolder {
  ct_backward backward;
  void *context;
  void (*release_context)(void *context);
  Held(ct_backward backward, void *context, void (*release)(void *context))
      : backward(backward), context(context), release_context(release) {}
  ~Held() override { release_context(context); }
};

struct CustomNode : torch::autograd::Function<CustomNode> {
  static at::Tensor forward(
      torch::autograd::AutogradContext *ctx, at::TensorList inputs,
      const at::Tensor &output, c10::intrusive_ptr<Held> held) {
    ctx->saved_data["held"] = c10::IValue::make_capsule(held);
    ctx->saved_data["count"] = static_cast<int64_t>(inputs.size());
    return output.alias();
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext *ctx, torch::autograd::variable_list gradients) {
    const auto count = ctx->saved_data["count"].toInt();
    auto held = c10::static_intrusive_pointer_cast<Held>(ctx->saved_data["held"].toCapsule());
    std::vector<ct_tensor *> found(count, nullptr);
    ct_tensor *gradient = released(gradients[0]);
    char *fault = held->backward(held->context, gradient, count, found.data());
    ct_tensor_release(gradient);
    torch::autograd::variable_list result;
    for (auto *tensor : found) {
      result.push_back(borrowed(tensor));
      ct_tensor_release(tensor);
    }
    if (fault != nullptr) {
      const std::string text(fault);
      std::free(fault);
      TORCH_CHECK(false, text);
    }
    result.resize(count + 2);  // the output and the holder have no gradient
    return result;
  }
};

}  // namespace

char *ct_custom_node(
    ct_tensor *const *inputs, int64_t input_count, const ct_tensor *output, ct_backward backward,
    void *context, void (*release)(void *context), ct_tensor **result) {
  auto held = c10::make_intrusive<Held>(backward, context, release);
  return protect([&] {
    torch::autograd::variable_list list;
    for (int64_t i = 0; i < input_count; i++) list.push_back(borrowed(inputs[i]));
    *result = released(CustomNode::apply(at::TensorList(list), borrowed(output), held));
  });
}

bool ct_grad_mode(void) { return c10::GradMode::is_enabled(); }

void ct_set_grad_mode(bool enabled) { c10::GradMode::set_enabled(enabled); }

namespace {
// Of the thread, as the recording of gradients is: others go on with the kernels that they had.
thread_local bool fused_attention = true;
}  // namespace

bool ct_fused_attention(void) { return fused_attention; }

void ct_set_fused_attention(bool enabled) { fused_attention = enabled; }

bool ct_autocast(int32_t device_type, bool enabled, int32_t dtype) {
  const auto type = static_cast<c10::DeviceType>(device_type);
  const bool before = at::autocast::is_autocast_enabled(type);
  at::autocast::set_autocast_enabled(type, enabled);
  // Copies of weights are made anew: a step may change weights in place and use them again.
  at::autocast::set_autocast_cache_enabled(!enabled);
  if (enabled) at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(dtype));
  if (!enabled) at::autocast::clear_cache();
  return before;
}

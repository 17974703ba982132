// Gradients, grad mode, autocast.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "protect.hpp"

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
    auto found = torch::autograd::grad(
        roots, leaves, seeds, keep_graph || create_graph, create_graph, /*allow_unused=*/true);
    for (int64_t i = 0; i < input_count; i++) {
      results[i] = found[i].defined() ? released(std::move(found[i])) : nullptr;
    }
  });
}

bool ct_grad_mode(void) { return c10::GradMode::is_enabled(); }

void ct_set_grad_mode(bool enabled) { c10::GradMode::set_enabled(enabled); }

bool ct_autocast(int32_t device_type, bool enabled, int32_t dtype) {
  const auto type = static_cast<c10::DeviceType>(device_type);
  const bool before = at::autocast::is_autocast_enabled(type);
  at::autocast::set_autocast_enabled(type, enabled);
  if (enabled) at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(dtype));
  if (!enabled) at::autocast::clear_cache();
  return before;
}

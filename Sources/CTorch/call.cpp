// The boxed operator call.
#include "protect.hpp"

#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <sstream>

struct ct_operator {
  c10::OperatorHandle handle;
  /// Whether the size of the result depends on numbers, which the host has to wait for.
  bool waits;
};

namespace {

double bits(int64_t pattern) {
  double value;
  std::memcpy(&value, &pattern, sizeof value);
  return value;
}

bool wants(const c10::Type &type, c10::TypeKind kind) {
  if (type.kind() == kind) return true;
  if (const auto *optional = type.castRaw<c10::OptionalType>()) {
    return optional->getElementType()->kind() == kind;
  }
  return false;
}

/// A list argument whose members may be absent, such as the indices of `aten::index`.
bool wantsOptionalTensors(const c10::Type &type) {
  const auto *list = type.castRaw<c10::ListType>();
  return list != nullptr && list->getElementType()->kind() == c10::TypeKind::OptionalType;
}

c10::IValue unboxed(
    const ct_value &v, const c10::Type &type, const int64_t *integers, ct_tensor *const *tensors) {
  switch (v.kind) {
    case CT_NONE: return {};
    case CT_TENSOR: return borrowed(tensors[v.at]);
    case CT_INT:
      if (wants(type, c10::TypeKind::FloatType)) return static_cast<double>(v.integer);
      if (wants(type, c10::TypeKind::BoolType)) return v.integer != 0;
      return v.integer;
    case CT_DOUBLE: return v.number;
    case CT_BOOL: return v.integer != 0;
    case CT_INTS: {
      c10::List<int64_t> list;
      list.reserve(v.count);
      for (int64_t i = 0; i < v.count; i++) list.push_back(integers[v.at + i]);
      return list;
    }
    case CT_DOUBLES: {
      c10::List<double> list;
      list.reserve(v.count);
      for (int64_t i = 0; i < v.count; i++) list.push_back(bits(integers[v.at + i]));
      return list;
    }
    case CT_BOOLS: {
      c10::List<bool> list;
      for (int64_t i = 0; i < v.count; i++) list.push_back(integers[v.at + i] != 0);
      return list;
    }
    case CT_TENSORS: {
      if (wantsOptionalTensors(type)) {
        c10::List<std::optional<at::Tensor>> list;
        for (int64_t i = 0; i < v.count; i++) {
          ct_tensor *t = tensors[v.at + i];
          list.push_back(t ? std::optional<at::Tensor>(borrowed(t)) : std::nullopt);
        }
        return list;
      }
      c10::List<at::Tensor> list;
      list.reserve(v.count);
      for (int64_t i = 0; i < v.count; i++) list.push_back(borrowed(tensors[v.at + i]));
      return list;
    }
    case CT_STRING: {
      std::string text(v.count, '\0');
      for (int64_t i = 0; i < v.count; i++) text[i] = static_cast<char>(integers[v.at + i]);
      return text;
    }
    case CT_DEVICE:
      return c10::Device(
          static_cast<c10::DeviceType>(v.integer), static_cast<c10::DeviceIndex>(v.at));
    case CT_GENERATOR: return *reinterpret_cast<at::Generator *>(v.generator);
  }
  TORCH_CHECK(false, "a value of unknown kind ", static_cast<int>(v.kind));
}

/// Operators whose result has a size that depends on numbers, or is a number.
bool waits(const std::string &name) {
  for (const char *known :
       {"aten::nonzero", "aten::masked_select", "aten::equal", "aten::_unique2", "aten::unique_dim",
        "aten::is_nonzero"}) {
    if (name == known) return true;
  }
  return false;
}

}  // namespace

char *ct_operator_find(const char *name, const char *overload, ct_operator **result) {
  return protect([&] {
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK(
        handle.has_value(), "this libtorch has no operator ", name, *overload ? "." : "", overload);
    *result = new ct_operator{*handle, waits(name)};
  });
}

char *ct_operator_schema(const ct_operator *op) {
  std::ostringstream text;
  text << op->handle.schema();
  return copied(text.str());
}

char *ct_operator_call(
    const ct_operator *op, const ct_value *values, int64_t value_count, const int64_t *integers,
    ct_tensor *const *tensors, ct_tensor **results, int64_t capacity, int64_t *result_count) {
  if (op->waits) host_copies.reads++;
  return protect([&] {
    const auto &arguments = op->handle.schema().arguments();
    TORCH_CHECK(
        value_count <= static_cast<int64_t>(arguments.size()), "takes ", arguments.size(),
        " arguments, was given ", value_count);
    std::vector<c10::IValue> stack;
    stack.reserve(arguments.size());
    for (int64_t i = 0; i < static_cast<int64_t>(arguments.size()); i++) {
      if (i < value_count) {
        stack.push_back(unboxed(values[i], *arguments[i].type(), integers, tensors));
      } else {
        TORCH_CHECK(
            arguments[i].default_value().has_value(), "argument '", arguments[i].name(),
            "' is missing and has no default");
        stack.push_back(*arguments[i].default_value());
      }
    }
    op->handle.callBoxed(&stack);
    int64_t count = 0;
    auto give = [&](at::Tensor tensor) {
      TORCH_CHECK(count < capacity, "returned more than ", capacity, " tensors");
      results[count++] = tensor.defined() ? released(std::move(tensor)) : nullptr;
    };
    for (auto &value : stack) {
      if (value.isTensor()) {
        give(std::move(value).toTensor());
      } else if (value.isTensorList()) {
        for (const auto &tensor : value.toTensorVector()) give(tensor);
      }
    }
    *result_count = count;
  });
}

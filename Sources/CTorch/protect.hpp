// Shared by the C entry points: exceptions become strings, handles become tensors.
#pragma once

#if !__has_include(<ATen/ATen.h>)
#error "libtorch is not set up: run `make setup`"
#endif

#include <ATen/Tensor.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "ctorch.h"

inline char *copied(const std::string &text) {
  char *result = static_cast<char *>(std::malloc(text.size() + 1));
  if (result != nullptr) std::memcpy(result, text.c_str(), text.size() + 1);
  return result;
}

/// Runs `body`; returns NULL, or the text of what it threw without the C++ backtrace.
template <typename Body>
char *protect(Body &&body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const c10::Error &error) {
    return copied(error.what_without_backtrace());
  } catch (const std::exception &error) {
    return copied(error.what());
  } catch (...) {
    return copied("an exception that is no std::exception");
  }
}

/// Copies between the memory of the machine and tensors that the calling thread has asked for.
struct HostCopies {
  int64_t reads = 0;
  int64_t writes = 0;
  /// Times that a GPU would have been waited for, of which the device `rehearsal` keeps count.
  int64_t waits = 0;
  /// Copies to the device `rehearsal` and their bytes.
  int64_t uploads = 0;
  int64_t uploaded_bytes = 0;
};
inline thread_local HostCopies host_copies;

/// Hands a reference over to the caller.
inline ct_tensor *released(at::Tensor tensor) {
  return reinterpret_cast<ct_tensor *>(tensor.unsafeReleaseTensorImpl());
}

/// A new reference to a tensor that the caller keeps.
inline at::Tensor borrowed(const ct_tensor *tensor) {
  if (tensor == nullptr) return at::Tensor();
  auto *impl = reinterpret_cast<c10::TensorImpl *>(const_cast<ct_tensor *>(tensor));
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl>::reclaim_copy(impl));
}

inline c10::TensorImpl *implementation(const ct_tensor *tensor) {
  return reinterpret_cast<c10::TensorImpl *>(const_cast<ct_tensor *>(tensor));
}

// Tensor handles: creation from bytes, attributes, copies out.
#include "protect.hpp"

#include <ATen/ATen.h>

void ct_string_free(char *text) { std::free(text); }

void ct_tensor_release(ct_tensor *tensor) {
  if (tensor != nullptr) {
    c10::intrusive_ptr<c10::TensorImpl>::reclaim(implementation(tensor));
  }
}

int64_t ct_tensor_dim(const ct_tensor *tensor) { return implementation(tensor)->dim(); }

int64_t ct_tensor_size(const ct_tensor *tensor, int64_t dimension) {
  return implementation(tensor)->sizes()[dimension];
}

int64_t ct_tensor_count(const ct_tensor *tensor) { return implementation(tensor)->numel(); }

int32_t ct_tensor_dtype(const ct_tensor *tensor) {
  return static_cast<int32_t>(borrowed(tensor).scalar_type());
}

void ct_tensor_device(const ct_tensor *tensor, int32_t *type, int32_t *index) {
  const auto device = implementation(tensor)->device();
  *type = static_cast<int32_t>(device.type());
  *index = device.index();
}

bool ct_tensor_is_contiguous(const ct_tensor *tensor) {
  return borrowed(tensor).is_contiguous();
}

bool ct_tensor_requires_grad(const ct_tensor *tensor) { return borrowed(tensor).requires_grad(); }

bool ct_tensor_has_graph(const ct_tensor *tensor) { return borrowed(tensor).requires_grad(); }

ct_tensor *ct_tensor_retain(const ct_tensor *tensor) { return released(borrowed(tensor)); }

char *ct_tensor_set_requires_grad(ct_tensor *tensor, bool value) {
  return protect([&] { borrowed(tensor).set_requires_grad(value); });
}

void *ct_tensor_data(const ct_tensor *tensor) { return borrowed(tensor).data_ptr(); }

uint64_t ct_tensor_storage_id(const ct_tensor *tensor) {
  return reinterpret_cast<uint64_t>(borrowed(tensor).storage().unsafeGetStorageImpl());
}

char *ct_tensor_item(const ct_tensor *tensor, double *result) {
  host_copies.reads++;
  return protect([&] { *result = borrowed(tensor).item().toDouble(); });
}

char *ct_tensor_from_bytes(
    const void *bytes, int64_t byte_count, const int64_t *sizes, int64_t dim, int32_t dtype,
    ct_tensor **result) {
  host_copies.writes++;
  return protect([&] {
    auto tensor = at::empty(
        at::IntArrayRef(sizes, dim), at::TensorOptions(static_cast<at::ScalarType>(dtype)));
    TORCH_CHECK(
        static_cast<int64_t>(tensor.nbytes()) == byte_count, "a tensor of ", tensor.nbytes(),
        " bytes was given ", byte_count);
    if (byte_count > 0) std::memcpy(tensor.data_ptr(), bytes, byte_count);
    *result = released(std::move(tensor));
  });
}

char *ct_tensor_over_memory(
    void *memory, const int64_t *sizes, int64_t dim, int32_t dtype, void *owner,
    void (*release)(void *owner), ct_tensor **result) {
  return protect([&] {
    *result = released(at::from_blob(
        memory, at::IntArrayRef(sizes, dim), [owner, release](void *) { release(owner); },
        at::TensorOptions(static_cast<at::ScalarType>(dtype))));
  });
}

char *ct_tensor_copy_out(const ct_tensor *tensor, void *bytes, int64_t byte_count) {
  host_copies.reads++;
  return protect([&] {
    const auto source = borrowed(tensor).detach().cpu().contiguous();
    TORCH_CHECK(
        static_cast<int64_t>(source.nbytes()) == byte_count, "a tensor of ", source.nbytes(),
        " bytes was asked for ", byte_count);
    if (byte_count > 0) std::memcpy(bytes, source.data_ptr(), byte_count);
  });
}

int64_t ct_host_reads(void) { return host_copies.reads; }

int64_t ct_host_writes(void) { return host_copies.writes; }

int64_t ct_host_waits(void) { return host_copies.waits; }

int64_t ct_host_uploads(void) { return host_copies.uploads; }

int64_t ct_host_uploaded_bytes(void) { return host_copies.uploaded_bytes; }

// The functions of ctorch.h, forwarded to the library that holds them. The library, and libtorch with
// it, is opened at the first call, so a process that makes none starts without libtorch.
#include "ctorch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__APPLE__)
#define LIBRARY "@rpath/libLetheTorch.dylib"
#else
#define LIBRARY "libLetheTorch.so"
#endif

static void *library;

// Settings that are made before the library is opened. They do not open it: a command that is
// refused before it computes ends without libtorch.
static pthread_mutex_t settings = PTHREAD_MUTEX_INITIALIZER;
static bool keeps_freed_memory;
static int32_t thread_count;  // 0 where none is set

static void give_up(void) {
  fprintf(
      stderr, "lethe: libtorch cannot be opened: %s; `make setup build` sets it up\n", dlerror());
  exit(1);
}

static void *symbol(const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) give_up();
  return found;
}

static void open_library(void) {
  // Threads that wait at the end of a parallel region spin before they sleep. libgomp's default of
  // 300,000 rounds slows a process down 25 times on a machine that other processes keep busy. It
  // reads the environment while it is loaded.
  if (getenv("OMP_WAIT_POLICY") == NULL) setenv("GOMP_SPINCOUNT", "2000", 0);
  // CUDA's allocator lets its segments grow instead of cutting ever new ones, unless the user has set it up by one of its
  // two names. It reads the environment before the first tensor of a GPU.
  if (getenv("PYTORCH_CUDA_ALLOC_CONF") == NULL) {
    setenv("PYTORCH_ALLOC_CONF", "expandable_segments:True", 0);
  }
  void *opened = dlopen(LIBRARY, RTLD_NOW | RTLD_GLOBAL);
  if (opened == NULL) give_up();
  pthread_mutex_lock(&settings);
  library = opened;
  if (keeps_freed_memory) ((void (*)(void))symbol("ct_keep_freed_memory"))();
  if (thread_count > 0) ((void (*)(int32_t))symbol("ct_set_threads"))(thread_count);
  pthread_mutex_unlock(&settings);
}

static void *function(const char *name) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_library);
  return symbol(name);
}

void ct_keep_freed_memory(void) {
  pthread_mutex_lock(&settings);
  keeps_freed_memory = true;
  if (library != NULL) ((void (*)(void))symbol("ct_keep_freed_memory"))();
  pthread_mutex_unlock(&settings);
}

void ct_set_threads(int32_t count) {
  pthread_mutex_lock(&settings);
  thread_count = count;
  if (library != NULL) ((void (*)(int32_t))symbol("ct_set_threads"))(count);
  pthread_mutex_unlock(&settings);
}

#define FORWARD(result, name, parameters, arguments)                            \
  result name parameters {                                                      \
    static _Atomic(void *) known;                                               \
    void *address = atomic_load_explicit(&known, memory_order_acquire);         \
    if (address == NULL) {                                                      \
      address = function(#name);                                                \
      atomic_store_explicit(&known, address, memory_order_release);             \
    }                                                                           \
    return ((result(*) parameters)address)arguments;                            \
  }

FORWARD(void, ct_string_free, (char *text), (text))
FORWARD(
    char *, ct_operator_find,
    (const char *name, const char *overload, ct_operator **result),
    (name, overload, result))
FORWARD(char *, ct_operator_schema, (const ct_operator *op), (op))
FORWARD(
    char *, ct_operator_call,
    (const ct_operator *op, const ct_value *values, int64_t value_count, const int64_t *integers,
     ct_tensor *const *tensors, ct_tensor **results, int64_t capacity, int64_t *result_count),
    (op, values, value_count, integers, tensors, results, capacity, result_count))
FORWARD(void, ct_tensor_release, (ct_tensor *tensor), (tensor))
FORWARD(int64_t, ct_tensor_dim, (const ct_tensor *tensor), (tensor))
FORWARD(int64_t, ct_tensor_size, (const ct_tensor *tensor, int64_t dimension), (tensor, dimension))
FORWARD(int64_t, ct_tensor_count, (const ct_tensor *tensor), (tensor))
FORWARD(int32_t, ct_tensor_dtype, (const ct_tensor *tensor), (tensor))
FORWARD(
    void, ct_tensor_device,
    (const ct_tensor *tensor, int32_t *type, int32_t *index),
    (tensor, type, index))
FORWARD(bool, ct_tensor_is_contiguous, (const ct_tensor *tensor), (tensor))
FORWARD(bool, ct_tensor_requires_grad, (const ct_tensor *tensor), (tensor))
FORWARD(bool, ct_tensor_has_graph, (const ct_tensor *tensor), (tensor))
FORWARD(ct_tensor *, ct_tensor_retain, (const ct_tensor *tensor), (tensor))
FORWARD(char *, ct_tensor_set_requires_grad, (ct_tensor *tensor, bool value), (tensor, value))
FORWARD(void *, ct_tensor_data, (const ct_tensor *tensor), (tensor))
FORWARD(uint64_t, ct_tensor_storage_id, (const ct_tensor *tensor), (tensor))
FORWARD(char *, ct_tensor_item, (const ct_tensor *tensor, double *result), (tensor, result))
FORWARD(
    char *, ct_tensor_from_bytes,
    (const void *bytes, int64_t byte_count, const int64_t *sizes, int64_t dim, int32_t dtype,
     ct_tensor **result),
    (bytes, byte_count, sizes, dim, dtype, result))
FORWARD(
    char *, ct_tensor_over_memory,
    (void *memory, const int64_t *sizes, int64_t dim, int32_t dtype, void *owner, void
     (*release)(void *owner), ct_tensor **result),
    (memory, sizes, dim, dtype, owner, release, result))
FORWARD(
    char *, ct_tensor_copy_out,
    (const ct_tensor *tensor, void *bytes, int64_t byte_count),
    (tensor, bytes, byte_count))
FORWARD(int64_t, ct_host_reads, (void), ())
FORWARD(int64_t, ct_host_writes, (void), ())
FORWARD(int64_t, ct_host_waits, (void), ())
FORWARD(int64_t, ct_host_uploads, (void), ())
FORWARD(int64_t, ct_host_uploaded_bytes, (void), ())
FORWARD(
    char *, ct_gradients,
    (ct_tensor *const *outputs, ct_tensor *const *output_gradients, int64_t output_count, ct_tensor
     *const *inputs, int64_t input_count, bool keep_graph, bool create_graph, ct_tensor **results),
    (outputs, output_gradients, output_count, inputs, input_count, keep_graph, create_graph, results))
FORWARD(
    char *, ct_custom_node,
    (ct_tensor *const *inputs, int64_t input_count, const ct_tensor *output, ct_backward backward,
     void *context, void (*release)(void *context), ct_tensor **result),
    (inputs, input_count, output, backward, context, release, result))
FORWARD(bool, ct_grad_mode, (void), ())
FORWARD(bool, ct_fused_attention, (void), ())
FORWARD(void, ct_set_fused_attention, (bool enabled), (enabled))
FORWARD(void, ct_set_grad_mode, (bool enabled), (enabled))
FORWARD(
    bool, ct_autocast,
    (int32_t device_type, bool enabled, int32_t dtype),
    (device_type, enabled, dtype))
FORWARD(ct_generator *, ct_generator_new, (uint64_t seed), (seed))
FORWARD(void, ct_generator_free, (ct_generator *generator), (generator))
FORWARD(uint64_t, ct_generator_seed, (const ct_generator *generator), (generator))
FORWARD(
    char *, ct_generator_state,
    (const ct_generator *generator, ct_tensor **result),
    (generator, result))
FORWARD(
    char *, ct_generator_set_state,
    (ct_generator *generator, const ct_tensor *state),
    (generator, state))
FORWARD(int32_t, ct_threads, (void), ())
FORWARD(const char *, ct_version, (void), ())
FORWARD(char *, ct_device_open, (int32_t type, int32_t index), (type, index))
FORWARD(char *, ct_device_synchronize, (int32_t type, int32_t index), (type, index))
FORWARD(bool, ct_graph_can_record, (int32_t type), (type))
FORWARD(
    char *, ct_graph_begin,
    (int32_t type, int32_t index, ct_graph **result),
    (type, index, result))
FORWARD(char *, ct_graph_end, (ct_graph *graph), (graph))
FORWARD(char *, ct_graph_replay, (ct_graph *graph), (graph))
FORWARD(void, ct_graph_free, (ct_graph *graph), (graph))
FORWARD(int64_t, ct_peak_memory, (int32_t type, int32_t index), (type, index))
FORWARD(int64_t, ct_memory, (int32_t type, int32_t index), (type, index))
FORWARD(void, ct_reset_peak_memory, (int32_t type, int32_t index), (type, index))
FORWARD(
    char *, ct_store_open,
    (const char *host, int32_t port, bool serves, double seconds, ct_store **result),
    (host, port, serves, seconds, result))
FORWARD(int32_t, ct_store_port, (const ct_store *store), (store))
FORWARD(void, ct_store_close, (ct_store *store), (store))
FORWARD(
    char *, ct_store_set,
    (ct_store *store, const char *key, const void *bytes, int64_t count),
    (store, key, bytes, count))
FORWARD(
    char *, ct_store_get,
    (ct_store *store, const char *key, ct_tensor **result),
    (store, key, result))
FORWARD(
    char *, ct_store_add,
    (ct_store *store, const char *key, int64_t amount, int64_t *sum),
    (store, key, amount, sum))
FORWARD(
    char *, ct_group_open,
    (ct_store *store, const char *interface, const char *host, int32_t rank, int32_t size, double
     seconds, ct_group **result),
    (store, interface, host, rank, size, seconds, result))
FORWARD(void, ct_group_close, (ct_group *group), (group))
FORWARD(bool, ct_nccl_is_there, (void), ())
FORWARD(char *, ct_card, (int32_t index), (index))
FORWARD(char *, ct_group_use_nccl, (ct_group *group), (group))
FORWARD(char *, ct_group_leave_nccl, (ct_group *group), (group))
FORWARD(char *, ct_group_sum, (ct_group *group, ct_tensor *tensor), (group, tensor))
FORWARD(
    char *, ct_group_broadcast,
    (ct_group *group, ct_tensor *tensor, int32_t root),
    (group, tensor, root))
FORWARD(
    char *, ct_group_gather,
    (ct_group *group, const ct_tensor *tensor, ct_tensor **result),
    (group, tensor, result))
FORWARD(char *, ct_group_barrier, (ct_group *group), (group))
FORWARD(
    char *, ct_group_gradients,
    (ct_group *group, const ct_tensor *root, ct_tensor *const *inputs, int64_t input_count, int64_t
     bucket_bytes, ct_tensor **results, int64_t *overlapping),
    (group, root, inputs, input_count, bucket_bytes, results, overlapping))

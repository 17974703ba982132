// The whole boundary between Swift and libtorch: plain C, opaque handles, no exceptions.
//
// Conventions
//   * A function that can fail returns NULL on success, or an error text that the caller frees with
//     `ct_string_free`. Nothing else is written on failure.
//   * `ct_tensor *` is one retained reference. The caller owns every tensor that it is given.
//   * Operators are called boxed: one entry point serves every ATen operator, and arguments that are
//     left out take the defaults of the operator's own schema.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_operator ct_operator;
typedef struct ct_generator ct_generator;
typedef struct ct_store ct_store;
typedef struct ct_group ct_group;
typedef struct ct_graph ct_graph;

void ct_string_free(char *text);

// ---- Operators ------------------------------------------------------------------------------

typedef enum ct_kind {
  CT_NONE = 0,
  CT_TENSOR,     // tensors[at]
  CT_INT,        // integer; converted to what the schema asks for
  CT_DOUBLE,     // number
  CT_BOOL,       // integer != 0
  CT_INTS,       // integers[at ..< at + count]
  CT_DOUBLES,    // bit patterns in integers[at ..< at + count]
  CT_BOOLS,      // integers[at ..< at + count]
  CT_TENSORS,    // tensors[at ..< at + count]; NULL stands for "none"
  CT_STRING,     // one byte an element in integers[at ..< at + count]
  CT_DEVICE,     // integer = device type, at = index
  CT_GENERATOR,  // generator
} ct_kind;

typedef struct ct_value {
  ct_kind kind;
  int64_t integer;
  double number;
  int64_t at;
  int64_t count;
  ct_generator *generator;
} ct_value;

/// Looks an operator up, e.g. ("aten::add", "Tensor"). The result lives as long as the process.
char *ct_operator_find(const char *name, const char *overload, ct_operator **result);
/// The operator's schema as ATen prints it.
char *ct_operator_schema(const ct_operator *op);

/// Calls `op`. Tensor results (and the members of tensor lists) come back in order in `results`, of
/// which there is room for `capacity`; results that are no tensors are left out.
char *ct_operator_call(
    const ct_operator *op, const ct_value *values, int64_t value_count, const int64_t *integers,
    ct_tensor *const *tensors, ct_tensor **results, int64_t capacity, int64_t *result_count);

// ---- Tensors --------------------------------------------------------------------------------

void ct_tensor_release(ct_tensor *tensor);
int64_t ct_tensor_dim(const ct_tensor *tensor);
int64_t ct_tensor_size(const ct_tensor *tensor, int64_t dimension);
int64_t ct_tensor_count(const ct_tensor *tensor);
int32_t ct_tensor_dtype(const ct_tensor *tensor);
void ct_tensor_device(const ct_tensor *tensor, int32_t *type, int32_t *index);
bool ct_tensor_is_contiguous(const ct_tensor *tensor);
bool ct_tensor_requires_grad(const ct_tensor *tensor);
/// Whether a gradient can be asked of it: a leaf that requires one, or a result of such.
bool ct_tensor_has_graph(const ct_tensor *tensor);
ct_tensor *ct_tensor_retain(const ct_tensor *tensor);
char *ct_tensor_set_requires_grad(ct_tensor *tensor, bool value);
/// Address of the first element; meaningful for contiguous tensors on the CPU.
void *ct_tensor_data(const ct_tensor *tensor);
/// A number identifying the storage, equal for tensors that share memory.
uint64_t ct_tensor_storage_id(const ct_tensor *tensor);
char *ct_tensor_item(const ct_tensor *tensor, double *result);
/// A new CPU tensor holding a copy of `bytes`.
char *ct_tensor_from_bytes(
    const void *bytes, int64_t byte_count, const int64_t *sizes, int64_t dim, int32_t dtype,
    ct_tensor **result);
/// A CPU tensor over memory that `release(owner)` gives back when the last reference dies.
char *ct_tensor_over_memory(
    void *memory, const int64_t *sizes, int64_t dim, int32_t dtype, void *owner,
    void (*release)(void *owner), ct_tensor **result);
/// Copies the elements, in row-major order, from any device.
char *ct_tensor_copy_out(const ct_tensor *tensor, void *bytes, int64_t byte_count);
/// Reads of tensors' numbers by the calling thread so far, for which a program waits on a GPU: single elements, copies
/// out, and operators whose result has a size that depends on numbers.
int64_t ct_host_reads(void);
/// Tensors that the calling thread has made of numbers of its own so far.
int64_t ct_host_writes(void);
/// Times that the calling thread would have waited for a GPU in whose place the device `rehearsal` was: where it read
/// numbers, and where it copied to the device and did not let the copy go on by itself.
int64_t ct_host_waits(void);
/// Copies of the calling thread from the machine's memory to the device `rehearsal` so far, and their bytes.
int64_t ct_host_uploads(void);
int64_t ct_host_uploaded_bytes(void);

// ---- Autograd -------------------------------------------------------------------------------

/// d(sum of outputs . output_gradients) / d(inputs). An input that is not reached gives NULL.
char *ct_gradients(
    ct_tensor *const *outputs, ct_tensor *const *output_gradients, int64_t output_count,
    ct_tensor *const *inputs, int64_t input_count, bool keep_graph, bool create_graph,
    ct_tensor **results);
/// Fills `results` (one for each input, NULL for none; owned by libtorch afterwards) from the gradient
/// of the output. Returns NULL or an error text.
typedef char *(*ct_backward)(
    void *context, const ct_tensor *output_gradient, int64_t input_count, ct_tensor **results);
/// A tensor equal to `output` whose gradient with respect to `inputs` is what `backward` says.
/// `release(context)` is called when the graph is gone.
char *ct_custom_node(
    ct_tensor *const *inputs, int64_t input_count, const ct_tensor *output, ct_backward backward,
    void *context, void (*release)(void *context), ct_tensor **result);
bool ct_grad_mode(void);
/// Whether attention may run in fused kernels, which cannot be differentiated twice. Of the thread.
bool ct_fused_attention(void);
void ct_set_fused_attention(bool enabled);
void ct_set_grad_mode(bool enabled);
/// Turns autocast on for a device type with a dtype, or off. Returns whether it was on before.
bool ct_autocast(int32_t device_type, bool enabled, int32_t dtype);

// ---- Random numbers -------------------------------------------------------------------------

/// A CPU generator: the same seed gives Python's `torch.Generator().manual_seed(seed)`.
ct_generator *ct_generator_new(uint64_t seed);
void ct_generator_free(ct_generator *generator);
uint64_t ct_generator_seed(const ct_generator *generator);
char *ct_generator_state(const ct_generator *generator, ct_tensor **result);
char *ct_generator_set_state(ct_generator *generator, const ct_tensor *state);

// ---- Processes that work together -------------------------------------------------------------

/// A store of bytes by key that all ranks share (c10d's TCPStore). `serves`: whether it lives in this process; port 0 takes
/// a free one then.
char *ct_store_open(
    const char *host, int32_t port, bool serves, double seconds, ct_store **result);
int32_t ct_store_port(const ct_store *store);
void ct_store_close(ct_store *store);
char *ct_store_set(ct_store *store, const char *key, const void *bytes, int64_t count);
/// The bytes [N] of a key; NULL where nobody has set it yet.
char *ct_store_get(ct_store *store, const char *key, ct_tensor **result);
char *ct_store_add(ct_store *store, const char *key, int64_t amount, int64_t *sum);

/// The ranks as a group of c10d over Gloo, which exchanges tensors in the memory of the machine. `interface`, else `host`,
/// say which of the machine's addresses is used; NULL for both takes that of its name. Every rank calls the same functions in
/// the same order.
char *ct_group_open(
    ct_store *store, const char *interface, const char *host, int32_t rank, int32_t size,
    double seconds, ct_group **result);
void ct_group_close(ct_group *group);
/// Whether the CUDA half of libtorch is loaded and has c10d's group over NCCL.
bool ct_nccl_is_there(void);
/// The name of an NVIDIA GPU on its machine: where it is plugged in, or its number where CUDA does not say.
char *ct_card(int32_t index);
/// From now on tensors of NVIDIA GPUs are exchanged over NCCL, from GPU to GPU. All ranks call it at the same place.
char *ct_group_use_nccl(ct_group *group);
/// Ends the exchange over NCCL, when all ranks have done their last one.
char *ct_group_leave_nccl(ct_group *group);
/// The sum over the ranks, in place.
char *ct_group_sum(ct_group *group, ct_tensor *tensor);
/// The tensor of rank `root`, in place.
char *ct_group_broadcast(ct_group *group, ct_tensor *tensor, int32_t root);
/// The tensors of all ranks, of one shape, along the first dimension.
char *ct_group_gather(ct_group *group, const ct_tensor *tensor, ct_tensor **result);
char *ct_group_barrier(ct_group *group);
/// The mean over the ranks of d(root) / d(inputs), summed in buckets while the backward pass goes on. A rank whose root
/// has no graph, or that does not reach an input, adds zeros. `overlapping` counts the buckets whose sum began before the
/// backward pass had the last gradient.
char *ct_group_gradients(
    ct_group *group, const ct_tensor *root, ct_tensor *const *inputs, int64_t input_count,
    int64_t bucket_bytes, ct_tensor **results, int64_t *overlapping);

// ---- Process and devices --------------------------------------------------------------------

void ct_set_threads(int32_t count);
int32_t ct_threads(void);
const char *ct_version(void);
/// Whether a device of the type can be used now; loads libtorch_cuda for CUDA on first use.
char *ct_device_open(int32_t type, int32_t index);
char *ct_device_synchronize(int32_t type, int32_t index);
/// Whether work of a device of the type can be recorded.
bool ct_graph_can_record(int32_t type);
/// Records the work that the calling thread gives to the device from here on, which is not done meanwhile.
char *ct_graph_begin(int32_t type, int32_t index, ct_graph **result);
char *ct_graph_end(ct_graph *graph);
/// Does the recorded work: reads and writes the same tensors as when it was recorded.
char *ct_graph_replay(ct_graph *graph);
void ct_graph_free(ct_graph *graph);
/// Peak bytes: resident memory of the process for the CPU, allocated memory for a GPU.
int64_t ct_peak_memory(int32_t type, int32_t index);
/* Lets the peak begin anew, where the system can. */
void ct_reset_peak_memory(int32_t type, int32_t index);
/// Bytes of memory that a device has, that of the machine for the CPU; 0 where it does not say.
int64_t ct_memory(int32_t type, int32_t index);
/// Keeps freed blocks in the process instead of giving every large one back to the kernel.
void ct_keep_freed_memory(void);

#ifdef __cplusplus
}
#endif

#endif

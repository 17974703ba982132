// The function that `torch-version` calls. All the others stand in ../include/ctorch.h, which belongs
// to the module CTorch.
const char *ct_version(void);

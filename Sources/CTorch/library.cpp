// One translation unit: libtorch's headers take most of the time, and are read once instead of five times.
#include "autograd.cpp"
#include "call.cpp"
#include "device.cpp"
#include "generator.cpp"
#include "tensor.cpp"

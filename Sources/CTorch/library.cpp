// One translation unit: libtorch's headers take most of the time, and are read once instead of six times.
#include "autograd.cpp"
#include "call.cpp"
#include "device.cpp"
#include "generator.cpp"
#include "processes.cpp"
#include "tensor.cpp"

// One translation unit: libtorch's headers take most of the time, and are read once instead of seven times.
#include "autograd.cpp"
#include "call.cpp"
#include "generator.cpp"
#include "graph.cpp"
#include "processes.cpp"
#include "rehearsal.cpp"
#include "device.cpp"
#include "tensor.cpp"

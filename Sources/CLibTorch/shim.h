// The headers of libtorch are C++ and are included by CTorch alone; Swift never sees them.

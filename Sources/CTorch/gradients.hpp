// The depth of backward passes: one that computes a part of the network again runs a second one inside.
#pragma once

#include <thread>

class GradientDepth {
 public:
  GradientDepth() { depth()++; }
  ~GradientDepth() { depth()--; }
  /// Whether a hook is called by the outermost pass, which `owner` began. The pass of a GPU runs in a thread of its own.
  static bool isOutermost(std::thread::id owner) {
    return depth() == (std::this_thread::get_id() == owner ? 1 : 0);
  }

 private:
  static int &depth() {
    thread_local int value = 0;
    return value;
  }
};

import Training

@testable import Unlearning

extension DataOptions {
  /// A few pictures, and a training of eight steps.
  mutating func shrink(with training: inout Training) {
    (forget, retain, steps) = (2, 4, 4)
    (training.steps, training.batch, training.learningRate, training.logEvery) = (8, 4, 8e-4, 1)
  }
}

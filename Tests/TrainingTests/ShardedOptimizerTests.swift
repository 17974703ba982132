import Processes
import Testing
import Torch
import TorchNN

@testable import Training

@Suite struct ShardedOptimizerTests {
  /// Shares of about the same size, and every parameter has an owner.
  @Test func optimizerStateIsSharedOut() {
    let owners = ShardedOptimizer.owners([10, 1, 7, 4, 0], 2)
    #expect(owners == [0, 0, 1, 1, 0])
    #expect(Set(ShardedOptimizer.owners([5, 5, 5, 5], 4)) == [0, 1, 2, 3])
  }
}

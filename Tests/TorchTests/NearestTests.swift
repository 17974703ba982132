import Testing

@testable import Torch

struct NearestTests {
  @Test func nearestNames() {
    #expect(["steps", "batch"].nearest(to: "step") == "steps")
    #expect(["steps", "batch"].nearest(to: "learningRate") == nil)
    #expect(editDistance("kitten", "sitting") == 3)
  }
}

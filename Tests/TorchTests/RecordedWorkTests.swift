import TestSupport
import Testing

@testable import Torch

@Suite struct RecordedWorkTests {
  /// On the device that rehearses a GPU, each call has the numbers of the plain work, and what was given before and
  /// came out before stays as it was.
  @Test func callsAreTheWork() throws {
    let device = try Fixtures.gpu()
    let weight = Tensor([2, 3] as [Float]).to(device)
    let work = RecordedWork { [$0[0] * weight + $0[1]] }
    var results: [Tensor] = []
    var given: [Tensor] = []
    for i in 1...4 {
      let x = Tensor([Float(i), Float(10 * i)]).to(device)
      given.append(x)
      results.append(work([x, Tensor.ones([2], on: device)])[0])
      #expect(work.isRecorded == (i > 1))
    }
    for (i, (x, result)) in zip(given, results).enumerated() {
      let n = Float(i + 1)
      #expect(result.to(.cpu).floats == [2 * n + 1, 30 * n + 1])
      #expect(x.to(.cpu).floats == [n, 10 * n])
    }
  }

  /// Weights that change in place are those of the next call, and tensors of another shape begin anew.
  @Test func weightsChangeInPlaceAndShapesBeginAnew() throws {
    let device = try Fixtures.gpu()
    let weight = Tensor.ones([1], on: device)
    let work = RecordedWork { [$0[0] * weight] }
    let x = Tensor.ones([3], on: device)
    _ = work([x])
    _ = work([x])
    withoutGradients { weight.copy(from: Tensor.full([1], 5, on: device)) }
    #expect(work([x])[0].to(.cpu).floats == [5, 5, 5])
    #expect(work([Tensor.ones([2], on: device)])[0].to(.cpu).floats == [5, 5])
    #expect(!work.isRecorded)
  }

  /// Gradients that the work takes are those of the numbers given to it.
  @Test func gradientsAreRecorded() throws {
    let device = try Fixtures.gpu()
    let work = RecordedWork { inputs in
      let a = inputs[0].detached()
      a.requiresGradient = true
      return gradients(of: (a * a).sum(), with: [a])
    }
    for i in 1...3 {
      let a = Tensor([Float(i), 1]).to(device)
      #expect(work([a])[0].to(.cpu).floats == [2 * Float(i), 2])
    }
  }

  /// A processor starts no operator late, and records nothing.
  @Test func processorsRecordNothing() {
    let work = RecordedWork { [$0[0] + 1] }
    for _ in 0..<3 { #expect(work([Tensor.ones([1])])[0].floats == [2]) }
    #expect(!work.isRecorded)
  }

  /// Numbers that are read or brought inside, which a replay would not repeat, end the process.
  @Test func copiesInsideAreFound() async {
    await #expect(processExitsWith: .failure) {
      let device = try Device(parsing: "rehearsal")
      let work = RecordedWork { [$0[0] + Tensor([1] as [Float]).to($0[0].device)] }
      for _ in 0..<3 { _ = work([Tensor.ones([1], on: device)]) }
    }
  }
}

// Trajectories that rest in files: the same bits, without the passes of the network that are done.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch

@testable import Editing
@testable import Training

@Suite struct DrawnPartsTests {
  private struct Drawing {
    let model: DiffusionModel
    let run: Run

    init(_ folder: URL) throws {
      Runtime.threads = 1
      model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
      run = try Run(folder)
      (run.keepsStates, run.identity) = (true, "one")
    }

    /// The states, the calls of the progress, of which each drawn state has one and each group one more, and the cost.
    func callAsFunction(keeping: Int? = nil, spreads: Bool = false, seed: UInt64 = 1) throws -> (
      states: DenoisingStates, work: Int, cost: Int
    ) {
      let before = model.evaluations
      var calls = 0
      let states = try DrawnParts.keeping(in: run) {
        try DenoisingStates.follow(
          model, ["a fox", "a cat", ""], steps: 10, guidance: 3, keeping: keeping,
          spreads: spreads, seed: seed
        ) { _, _ in calls += 1 }
      }
      return (states, calls, model.evaluations - before)
    }

    var files: [String] {
      get throws {
        try FileManager.default.contentsOfDirectory(atPath: run.folder.path)
          .filter { $0.hasPrefix("drawn-") }.sorted {
            $0.compare($1, options: .numeric) == .orderedAscending
          }
      }
    }
  }

  private func expectEqual(_ a: DenoisingStates, _ b: DenoisingStates) {
    for (one, other) in [
      (a.x, b.x), (a.t, b.t), (a.reference, b.reference), (a.conditional, b.conditional),
    ] { #expect(one.shape == other.shape && one.floats == other.floats) }
    #expect(a.prompt == b.prompt)
  }

  @Test(arguments: [nil, 3] as [Int?], [false, true]) func drawingGoesOnAfterTheLastPart(
    _ keeping: Int?, _ spreads: Bool
  ) throws {
    try Fixtures.temporaryFolder { folder in
      let draw = try Drawing(folder)
      draw.run.keepsStates = false
      let whole = try draw(keeping: keeping, spreads: spreads)
      #expect(try draw.files.isEmpty)
      draw.run.keepsStates = true
      let first = try draw(keeping: keeping, spreads: spreads)
      expectEqual(first.states, whole.states)
      #expect(first.work == whole.work)
      let files = try draw.files
      #expect(files.count >= 3 && files.allSatisfy { $0.hasSuffix(".state.safetensors") })
      // Nothing is left to draw.
      let again = try draw(keeping: keeping, spreads: spreads)
      expectEqual(again.states, whole.states)
      #expect(again.work == (spreads ? 3 : 1) && again.cost == whole.cost)
      // A killed run lacks the last parts.
      for name in files.suffix(2) { try FileManager.default.removeItem(at: draw.run.file(name)) }
      let rest = try draw(keeping: keeping, spreads: spreads)
      expectEqual(rest.states, whole.states)
      #expect(rest.work > again.work && rest.work < whole.work && rest.cost == whole.cost)
      #expect(try draw.files == files)
    }
  }

  /// Pictures that data methods train on: the same bits and the same cost after a kill in any part.
  @Test func picturesGoOnAfterTheLastPart() throws {
    try Fixtures.temporaryFolder { folder in
      let draw = try Drawing(folder)
      let prompts = (0..<20).map { ["a fox", "a cat", ""][$0 % 3] }
      func pictures(seed: UInt64 = 5) throws -> (bits: [Float], work: Int, cost: Int) {
        let before = draw.model.evaluations
        var calls = 0
        let set = try DrawnParts.keeping(in: draw.run) {
          try LatentSet(drawnBy: draw.model, prompts, steps: 9, guidance: 3, seed: seed) { _, _ in
            calls += 1
          }
        }
        return (set.mean.floats, calls, draw.model.evaluations - before)
      }
      draw.run.keepsStates = false
      let whole = try pictures()
      draw.run.keepsStates = true
      #expect(try pictures() == whole)
      let files = try draw.files
      // Two batches of five parts each.
      #expect(files.count == 10, "\(files)")
      let again = try pictures()
      #expect(again.bits == whole.bits && again.cost == whole.cost && again.work < whole.work / 3)
      for name in files.suffix(2) { try FileManager.default.removeItem(at: draw.run.file(name)) }
      let rest = try pictures()
      #expect(rest.bits == whole.bits && rest.cost == whole.cost)
      #expect(rest.work > again.work && rest.work < whole.work)
      #expect(try pictures(seed: 6).bits != whole.bits)
      #expect(try draw.files.count == 20)
    }
  }

  /// Files of another request, and those that somebody changed, are drawn anew.
  @Test func strangePartsAreDrawnAgain() throws {
    try Fixtures.temporaryFolder { folder in
      let draw = try Drawing(folder)
      let whole = try draw()
      draw.run.identity = "two"
      #expect(try draw().work == whole.work)
      #expect(try draw(seed: 2).work == whole.work)
      let file = draw.run.file(try #require(try draw.files.first))
      let stored = try SafeTensors(contentsOf: file)
      let changes: [(inout [String: Tensor]) -> Void] = [
        { $0["next"] = Tensor.zeros([1, 4, 2, 2]) }, { $0["x.0.0"] = nil },
        { $0["stray"] = Tensor.zeros([1]) }, { $0["e.0.0"] = Tensor.full([1, 4, 8, 8], .nan) },
      ]
      for change in changes {
        var tensors = stored.tensors
        change(&tensors)
        try SafeTensors.write(tensors, metadata: stored.metadata, to: file)
        // The parts of one of both requests are those of a file that has changed.
        let (one, other) = (try draw(), try draw(seed: 2))
        #expect(max(one.work, other.work) == whole.work && min(one.work, other.work) == 1)
        expectEqual(one.states, whole.states)
      }
      try Data("nonsense".utf8).write(to: file)
      expectEqual(try draw().states, whole.states)
    }
  }
}

// Trajectories that rest in files: the same bits, without the passes of the network that are done.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Editing

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

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
          .filter { $0.hasPrefix("drawn-") || $0.hasPrefix("kept-") }.sorted {
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
      #expect(again.work == 1 && again.cost == whole.cost)
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

  /// Targets of a loss that are computed once: the same bits and the same cost after a kill in any part.
  @Test func targetsGoOnAfterTheLastPart() throws {
    try Fixtures.temporaryFolder { folder in
      let draw = try Drawing(folder)
      let shape = [6, 4, 8, 8]
      let set = LatentSet(
        Tensor.randn(shape, Generator(seed: 4)),
        captions: (0..<6).map { $0 % 2 == 0 ? "a fox" : "a red fox" })
      let others = (0..<6).map { $0 % 3 == 0 ? "a cat" : "a dog" }
      func losses(seed: UInt64 = 7, others: [String] = others) throws -> (bits: [Float], cost: Int)
      {
        let before = draw.model.evaluations
        let loss = try DrawnParts.keeping(in: draw.run) {
          try Surrogate(set, .relabel, others: others, draw.model, batch: 4)
            .pooled(40, from: draw.model, seed: seed)
        }
        let cost = draw.model.evaluations - before
        let bits = try (0..<4).flatMap { i in
          var step = Step(index: i, seed: 1)
          return try withoutGradients { try loss.loss(draw.model, &step).floats }
        }
        return (bits, cost)
      }
      draw.run.keepsStates = false
      let whole = try losses()
      #expect(whole.cost == 40)
      draw.run.keepsStates = true
      #expect(try losses() == whole)
      let files = try draw.files
      #expect(files.count == 3, "\(files)")
      let dates = try files.map { try date(draw.run.file($0)) }
      #expect(try losses() == whole)
      #expect(try files.map { try date(draw.run.file($0)) } == dates)
      try FileManager.default.removeItem(at: draw.run.file(files[1]))
      #expect(try losses() == whole)
      #expect(try draw.files == files)
      // Other requests have parts of their own.
      #expect(try losses(seed: 8).bits != whole.bits)
      #expect(try losses(others: others.reversed()).bits != whole.bits)
      #expect(try draw.files.count == 9)
    }
  }

  /// A sum over pictures: it goes on after the last part, or the picture that was interrupted.
  @Test func sumsGoOnAfterTheLastPart() throws {
    try Fixtures.temporaryFolder { folder in
      let draw = try Drawing(folder)
      let fisher = FisherInformation(pictures: 20, times: 4, of: 100)
      let like = [Tensor.zeros([3, 2]), Tensor.zeros([5])]
      func sum(failingAt last: Int = .max) throws -> (
        bits: [[Float]], pictures: [Int], earlier: Int
      ) {
        var (pictures, earlier): ([Int], Int) = ([], 0)
        let found = try DrawnParts.keeping(in: draw.run) {
          try fisher.diagonal(like: like, seed: 3, earlier: { earlier = $0 }) { i, times, step in
            guard i < last else { throw LetheError.interrupted }
            if pictures.last != i { pictures.append(i) }
            return like.map { Tensor.randn($0.shape, step.generator) * Double(times[0] + 1) }
          }
        }
        return (found.map(\.floats), pictures, earlier)
      }
      draw.run.keepsStates = false
      let whole = try sum()
      #expect(whole.pictures == Array(0..<20) && whole.earlier == 0)
      draw.run.keepsStates = true
      #expect(throws: LetheError.self) { try sum(failingAt: 10) }
      let rest = try sum()
      #expect(rest.bits == whole.bits)
      #expect(rest.pictures == Array(10..<20) && rest.earlier == 40)
      let done = try sum()
      #expect(done.bits == whole.bits && done.pictures.isEmpty && done.earlier == 80)
      #expect(try draw.files.count == 1)
      // A file that somebody changed counts for nothing.
      let file = draw.run.file(try #require(try draw.files.first))
      var stored = try SafeTensors(contentsOf: file)
      for tensors in [
        ["0": Tensor.zeros([3, 2])], ["0": Tensor.zeros([3, 2]), "1": Tensor.zeros([4])],
      ] {
        try SafeTensors.write(tensors, metadata: stored.metadata, to: file)
        let again = try sum()
        #expect(again.bits == whole.bits && again.earlier == 0)
      }
      stored = try SafeTensors(contentsOf: file)
      var more = stored.metadata
      more["done"] = "21"
      try SafeTensors.write(stored.tensors.mapValues { $0.cloned() }, metadata: more, to: file)
      #expect(try sum().earlier == 0)
    }
  }

  private func date(_ file: URL) throws -> Date? {
    try file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
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

import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Training

@Suite struct TrainingLoopTests {
  static func options(_ steps: Int) -> Training {
    var t = Training()
    (t.steps, t.learningRate, t.averaging, t.saveEvery, t.logEvery) = (steps, 0.05, 0.9, 5, 1)
    t.optimizer = OptimizerOptions(.adamw, weightDecay: 0.01)
    t.schedule = .oneCycle
    return t
  }

  /// A random quadratic: each step draws its own target.
  static func fit(_ training: Training, in folder: URL, stopAt: Int? = nil) throws -> Tensor {
    let p = Tensor.zeros([4])
    p.requiresGradient = true
    let run = try Run(folder, seed: 3)
    struct Killed: Error {}
    do {
      try TrainingLoop("quadratic", training, run).fit([p]) { step in
        if step.index == stopAt { throw Killed() }
        let target = Tensor.randn([4], step.generator)
        return descend((p - target).squared().mean(), [p])
      }
    } catch is Killed {}
    return p.detached()
  }

  /// A run killed at any step ends, when it is resumed, with the same weights and the same log.
  @Test(arguments: [1, 5, 7, 12, 19]) func resumedRunsEndAlike(_ kill: Int) throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      let (a, b) = (folder.appendingPathComponent("a"), folder.appendingPathComponent("b"))
      let whole = try Self.fit(Self.options(20), in: a)
      _ = try Self.fit(Self.options(20), in: b, stopAt: kill)
      let resumed = try Self.fit(Self.options(20), in: b)
      #expect(resumed.isIdentical(to: whole))
      let logs = try [a, b].map {
        try Run($0).events().map { [$0["step"]?.int ?? -1, Int(($0["loss"]?.number ?? 0) * 1e9)] }
      }
      #expect(logs[0] == logs[1] && logs[0].count == 20)
    }
  }

  /// The work before an interruption, up to the last state, and that after it make the whole.
  @Test(arguments: [3, 12, 19]) func workIsCountedOverAnInterruption(_ kill: Int) throws {
    struct Killed: Error {}
    try Fixtures.temporaryFolder { folder in
      var (done, former) = (0, 0)
      func fit(stopAt: Int? = nil) throws {
        done = 0
        let p = Tensor.ones([4])
        p.requiresGradient = true
        var loop = TrainingLoop("x", Self.options(20), try Run(folder))
        loop.work = .init(done: { done }, before: { former = $0 })
        try loop.fit([p]) { step in
          if step.index == stopAt { throw Killed() }
          done += 3
          return descend(p.squared().mean(), [p])
        }
      }
      #expect(throws: Killed.self) { try fit(stopAt: kill) }
      #expect(former == 0)
      try fit()
      #expect(former + done == 60 && former <= 3 * kill)
    }
  }

  /// A step whose scaled gradient leaves the range of float16 moves nothing and halves the scale, which the state
  /// carries.
  @Test func lossScaling() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      run.computeType = .float16
      let p = Tensor.ones([4])
      p.requiresGradient = true
      let w = Tensor.full([4], 100).to(.float16)
      var (seen, found): ([Double], [Double]) = ([], [])
      try TrainingLoop("scaled", Training(steps: 4, rate: 0.1), run).fit([p]) { _ in
        seen.append(p.detached().sum().item)
        // 100 x 1024 is beyond float16, 100 x 512 is not.
        let step = descend((p.to(.float16) * w).sum().to(.float32), [p])
        found.append(step.gradients[0].max(0).item)
        return step
      }
      #expect(seen[0] == 4 && seen[1] == 4 && seen[2] < 4 && seen[3] < seen[2], "\(seen)")
      #expect(found[0].isInfinite && found[1...].allSatisfy { $0 == 100 }, "\(found)")
    }
  }

  /// Products of a step are in bfloat16 where that is asked for, also in its second pass after weights changed in
  /// place; the weights are not.
  @Test func bfloat16IsHonoured() throws {
    func fit(_ bfloat16: Bool) throws -> (Tensor, Set<DType>) {
      let p = Tensor.randn([8, 8], Generator(seed: 1))
      p.requiresGradient = true
      var training = Training(steps: 3, rate: 0.1)
      training.bfloat16 = bfloat16
      var types: Set<DType> = []
      try TrainingLoop("products", training, seed: 3).fit([p]) { step in
        let x = Tensor.randn([4, 8], step.generator)
        let first = x.matmul(p)
        withoutGradients { p.add(Tensor.full([8, 8], 0.5)) }
        let second = x.matmul(p)
        types.formUnion([first.dtype, second.dtype])
        #expect((second - first).abs().mean().item > 0.1)
        withoutGradients { p.add(Tensor.full([8, 8], -0.5)) }
        return descend(x.matmul(p).to(.float32).squared().mean(), [p])
      }
      return (p.detached(), types)
    }
    let (half, plain) = (try fit(true), try fit(false))
    #expect(half.1 == [.bfloat16] && plain.1 == [.float32] && half.0.dtype == .float32)
    #expect(half.0.distance(to: plain.0) > 0 && half.0.distance(to: plain.0) < 0.5)
  }

  /// An optimizer whose state rests in a file ends with the same bits, and leaves no file.
  @Test func offloadingChangesNothing() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      var options = Self.options(20)
      let plain = try Self.fit(options, in: folder.appendingPathComponent("a"))
      options.offload = true
      let place = folder.appendingPathComponent("b")
      _ = try Self.fit(options, in: place, stopAt: 12)
      #expect(try Self.fit(options, in: place).isIdentical(to: plain))
      let left = try FileManager.default.contentsOfDirectory(atPath: place.path)
      #expect(left.filter { $0.contains("optimizer") }.isEmpty)
    }
  }

  /// A statistic goes on over an interruption, and the step that finds it enough changes nothing.
  @Test func enoughIsEnoughAfterAResumeToo() throws {
    try Fixtures.temporaryFolder { folder in
      func fit(stopAt: Int? = nil, in name: String) throws -> Tensor {
        let p = Tensor.ones([2])
        p.requiresGradient = true
        let run = try Run(folder.appendingPathComponent(name))
        do {
          try TrainingLoop("sum", Self.options(20), run).fit([p]) { step in
            if step.index == stopAt { throw LetheError.interrupted }
            step.carried["sum"] = (step.carried["sum"] ?? 0) + 1
            step.isEnough = step.carried["sum"] == 9
            step.log["sum"] = step.carried["sum"]
            return descend(p.squared().sum(), [p])
          }
        } catch let error as LetheError where error.kind == .interrupted {}
        return p
      }
      let whole = try fit(in: "a")
      _ = try fit(stopAt: 6, in: "b")
      #expect(try fit(in: "b").isIdentical(to: whole))
      let last = try Run(folder.appendingPathComponent("b")).events().last
      #expect(last?["enough"]?.bool == true && last?["step"]?.int == 8)
      // The line of the last step is whole.
      let unbroken = try Run(folder.appendingPathComponent("a")).events().last
      #expect(last?["sum"]?.int == 9 && last?["rate"]?.number ?? 0 > 0)
      #expect(last?["rate"]?.number == unbroken?["rate"]?.number)
    }
  }

  /// Gradients, two moments and the average count for the memory, and what an optimizer has in their place.
  @Test func listsTakeMemory() {
    var options = Self.options(20)
    #expect(options.lists == 4)
    options.averaging = 0
    #expect(options.lists == 3)
    options.optimizer = .init(.sgd)
    #expect(options.lists == 1)
    options.optimizer.momentum = 0.9
    #expect(options.lists == 2)
    options.offload = true
    #expect(options.lists == 1)
  }

  /// A loop whose result is taken at once writes no state after the last step, still looks at its weights, and says how
  /// many steps are done.
  @Test func theLastStateIsAnOption() throws {
    try Fixtures.temporaryFolder { folder in
      func fit(_ name: String, keeps: Bool, last: Double = 1) throws -> (Int, Bool) {
        let p = Tensor.ones([2])
        p.requiresGradient = true
        let run = try Run(folder.appendingPathComponent(name))
        var options = Self.options(7)
        options.saveEvery = 7
        var loop = TrainingLoop("a", options, run)
        loop.keepsLast = keeps
        let done = try loop.fit([p]) { step in
          let found = descend(p.squared().sum(), [p])
          return (found.loss, found.gradients.map { $0 * (step.index == 6 ? last : 1) })
        }
        return (done, FileManager.default.fileExists(atPath: run.file("a.state.safetensors").path))
      }
      for (name, keeps) in [("a", true), ("b", false)] {
        let (done, isThere) = try fit(name, keeps: keeps)
        #expect(done == 7 && isThere == keeps)
      }
      let error = #expect(throws: LetheError.self) { try fit("c", keeps: false, last: .nan) }
      #expect(error?.kind == .diverged)
    }
  }

  @Test func notANumberStopsAndKeepsTheLastState() throws {
    try Fixtures.temporaryFolder { folder in
      let p = Tensor.ones([2])
      p.requiresGradient = true
      let run = try Run(folder)
      let error = try #require(throws: LetheError.self) {
        try TrainingLoop("bad", Self.options(20), run).fit([p]) { step in
          let loss = step.index == 7 ? (p * Double.nan).sum() : p.squared().sum()
          return descend(loss, [p])
        }
      }
      #expect(error.description.contains("step 7") && error.description.contains("step 5 is kept"))
      #expect(p.isFinite)
      #expect(FileManager.default.fileExists(atPath: run.file("bad.state.safetensors").path))
    }
  }

  /// A loop without a run takes the steps of one with it, in one part or in several.
  @Test func partsOfALoopAreTheWhole() throws {
    Runtime.threads = 1
    var options = Self.options(20)
    options.clip = 0.5
    let whole = try Fixtures.temporaryFolder { try Self.fit(options, in: $0) }
    func gradients(_ p: Tensor) -> (inout Step) -> (loss: Double, gradients: [Tensor]) {
      { step in descend((p - Tensor.randn([4], step.generator)).squared().mean(), [p]) }
    }
    let (p, q) = (Tensor.zeros([4]), Tensor.zeros([4]))
    (p.requiresGradient, q.requiresGradient) = (true, true)
    try TrainingLoop("quadratic", options, seed: 3).fit([p], gradients: gradients(p))
    #expect(p.detached().isIdentical(to: whole))
    options.averaging = 0
    let last = try Fixtures.temporaryFolder { try Self.fit(options, in: $0) }
    let loop = TrainingLoop("quadratic", options, seed: 3)
    var state = TrainingState(options, [q])
    for end in [7, 7, 8, 20] {
      try loop.advance([q], &state, to: end, gradients: gradients(q))
      #expect(state.step == end)
    }
    #expect(q.detached().isIdentical(to: last))
    let error = try #require(throws: LetheError.self) {
      try TrainingLoop("bad", options, seed: 3).fit([p]) { _ in descend((p * Double.nan).sum(), [p])
      }
    }
    #expect(error.kind == .diverged && !error.description.contains("kept"))
  }

  @Test func stateOfAnotherModelIsRefused() throws {
    try Fixtures.temporaryFolder { folder in
      _ = try Self.fit(Self.options(5), in: folder)
      let p = Tensor.zeros([7])
      p.requiresGradient = true
      #expect(throws: LetheError.self) {
        try TrainingLoop("quadratic", Self.options(5), try Run(folder)).fit([p]) { _ in
          descend(p.sum(), [p])
        }
      }
    }
  }

  /// The optimizer's kernels write beyond moments that are too small, so a state that does not fit is never used.
  @Test(arguments: [
    "optimizer.m.0", "optimizer.v.0", "optimizer.t.0", "average.0", "parameter.0",
  ]) func misshapenStateIsRefused(_ name: String) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("quadratic.state.safetensors")
      _ = try Self.fit(Self.options(20), in: folder, stopAt: 12)
      let whole = try SafeTensors(contentsOf: file)
      let kept = whole.tensors.mapValues { $0.cloned() }
      let wrong: [Tensor?] = [
        nil, Tensor.zeros([0]), Tensor.zeros([3]), Tensor.zeros([4, 1]), Tensor.zeros([2, 2]),
        Tensor.zeros([4], .float64), Tensor.zeros([4], .int64),
      ]
      for tensor in wrong {
        var tensors = kept
        tensors[name] = tensor
        try SafeTensors.write(tensors, metadata: whole.metadata, to: file)
        let error = try #require(throws: LetheError.self) {
          try Self.fit(Self.options(20), in: folder)
        }
        #expect(error.kind == .model)
        #expect(error.sentence.contains(file.path) && error.sentence.contains("'\(name)'"))
      }
      try SafeTensors.write(kept, metadata: whole.metadata, to: file)
      _ = try Self.fit(Self.options(20), in: folder)
    }
  }

  @Test(arguments: ["-1", "21", "9223372036854775808", "x", ""])
  func stateOfAStepOutsideOfTheTrainingIsRefused(_ step: String) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("quadratic.state.safetensors")
      _ = try Self.fit(Self.options(20), in: folder, stopAt: 12)
      let whole = try SafeTensors(contentsOf: file)
      var metadata = whole.metadata
      metadata["step"] = step
      try SafeTensors.write(
        whole.tensors.mapValues { $0.cloned() }, metadata: metadata, to: file)
      let error = try #require(throws: LetheError.self) {
        try Self.fit(Self.options(20), in: folder)
      }
      #expect(error.sentence.contains("'step' is \(step); accepted: 0 to 20"))
    }
  }

  @Test func stateWithOtherTensorsOrValuesIsRefused() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("quadratic.state.safetensors")
      _ = try Self.fit(Self.options(20), in: folder, stopAt: 12)
      let whole = try SafeTensors(contentsOf: file)
      let kept = whole.tensors.mapValues { $0.cloned() }
      let changes: [[String: Tensor]] = [
        ["optimizer.m.1": Tensor.zeros([4])], ["optimizer.b.0": Tensor.zeros([4])],
        ["parameter.0": Tensor.full([4], .nan)], ["average.0": Tensor.full([4], .infinity)],
      ]
      for change in changes {
        try SafeTensors.write(
          kept.merging(change) { $1 }, metadata: whole.metadata, to: file)
        let error = try #require(throws: LetheError.self) {
          try Self.fit(Self.options(20), in: folder)
        }
        #expect(error.sentence.contains("'\(change.keys.first ?? "")'"))
      }
    }
  }

  /// The loss of the last step was finite, and what the step made of the weights is not.
  @Test(arguments: [0, 0.9]) func divergenceInTheLastStepIsFound(_ averaging: Double) throws {
    try Fixtures.temporaryFolder { folder in
      var options = Training(steps: 3, rate: 1, averaging: averaging)
      (options.saveEvery, options.optimizer) = (1, OptimizerOptions(.sgd))
      let p = Tensor.ones([2])
      p.requiresGradient = true
      let error = try #require(throws: LetheError.self) {
        try TrainingLoop("last", options, try Run(folder)).fit([p]) { step in
          let loss = descend(p.sum(), [p])
          guard step.index == 2 else { return loss }
          return (loss.loss, [Tensor.full([2], .infinity)])
        }
      }
      #expect(error.kind == .diverged && error.sentence.contains("state of step 2 is kept"))
      // The state that is kept is one to go on from.
      let file = folder.appendingPathComponent("last.state.safetensors")
      #expect(try SafeTensors(contentsOf: file, finite: true).metadata["step"] == "2")
    }
  }

  /// Tensors go on over an interruption like statistics; those of a stored state are finite, whatever their shape.
  @Test func carriedTensorsComeBack() throws {
    try Fixtures.temporaryFolder { folder in
      func fit(stopAt: Int? = nil, in name: String) throws -> Tensor {
        let p = Tensor.ones([2])
        p.requiresGradient = true
        let run = try Run(folder.appendingPathComponent(name))
        do {
          try TrainingLoop("path", Self.options(20), run).fit([p]) { step in
            if step.index == stopAt { throw LetheError.interrupted }
            let noise = Tensor.randn([2], step.generator)
            let target = step.carriedTensors["target"].map { $0 + noise } ?? noise
            step.carriedTensors["target"] = target
            return descend((p - target).squared().sum(), [p])
          }
        } catch let error as LetheError where error.kind == .interrupted {}
        return p
      }
      let whole = try fit(in: "a")
      _ = try fit(stopAt: 8, in: "b")
      let file = folder.appendingPathComponent("b/path.state.safetensors")
      let state = try SafeTensors(contentsOf: file)
      #expect(state.tensors["carried.target"]?.shape == [2])
      #expect(try fit(in: "b").isIdentical(to: whole))
      var tensors = state.tensors.mapValues { $0.cloned() }
      tensors["carried.target"] = Tensor.full([2], .nan)
      try SafeTensors.write(tensors, metadata: state.metadata, to: file)
      let error = try #require(throws: LetheError.self) { try fit(in: "b") }
      #expect(error.sentence.contains("'carried.target'"))
    }
  }

  /// Steps know whether they have a line in the log.
  @Test func stepsKnowTheirLine() throws {
    try Fixtures.temporaryFolder { folder in
      var options = Self.options(7)
      options.logEvery = 3
      let p = Tensor.ones([1])
      p.requiresGradient = true
      var logged: [Int] = []
      let run = try Run(folder)
      try TrainingLoop("log", options, run).fit([p]) { step in
        if step.isLogged { logged.append(step.index) }
        return descend(p.sum(), [p])
      }
      #expect(logged == [2, 5, 6])
      #expect(run.events().compactMap { $0["step"]?.int } == logged)
    }
  }
}

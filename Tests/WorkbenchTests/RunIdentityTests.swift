// A run's folder belongs to one request with all its inputs.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Recipes
@testable import Workbench
@testable import Workflows

@Suite struct RunIdentityTests {
  /// An erasure that ends before there is an eraser, as one that was interrupted does.
  private func begun(_ model: ModelFolder, in run: Run) throws {
    let settings = Tiny.esd + ["training.learningRate=1e39", "training.saveEvery=1"]
    let error = #expect(throws: LetheError.self) {
      try Erase(Tiny.job(model, "esd", "fox"), settings: settings)(in: run, on: .cpu)
    }
    #expect(error?.kind == .diverged && !run.runFolder.hasEraser)
  }

  static let changes:
    [(key: String, change: @Sendable (inout EraseJob) -> Void, settings: [String])] = [
      ("--concept is fox there and owl here", { $0.concepts = ["owl"] }, []),
      ("to be preserved there and not here", { $0.preserve = [] }, []),
      ("--replace-with", { $0.replacement = "dog" }, []),
      ("--seed is 0 there and 9 here", { $0.seed = 9 }, []),
      (
        "--set training.learningRate is 1e+39 there and 0.001 here", { _ in },
        ["training.learningRate=1e-3"]
      ),
      ("--method is esd there and uce here", { $0.method = "uce" }, []),
    ]

  /// It went on with the other's state, under the new name.
  @Test(arguments: changes.indices) func interruptedErasuresBelongToTheirRequest(_ i: Int) throws {
    let (key, change, settings) = Self.changes[i]
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      try begun(model, in: run)
      let before = try Data(contentsOf: run.file("identity.json"))
      var job = Tiny.job(model, "esd", "fox")
      change(&job)
      let all =
        job.method == "uce"
        ? [] : Tiny.esd + ["training.learningRate=1e39", "training.saveEvery=1"] + settings
      let error = #expect(throws: LetheError.self) {
        try Erase(job, settings: all)(in: run, on: .cpu)
      }
      #expect(error?.kind == .request && error?.sentence.contains(run.folder.path) == true)
      #expect(error?.sentence.contains(key) == true, "\(error?.sentence ?? "")")
      #expect(try Data(contentsOf: run.file("identity.json")) == before)
      #expect(try run.runFolder.job().concepts == ["fox"])
    }
  }

  /// A long value is cut between two words, and what a person gave comes before what follows from it.
  @Test func differencesAreTold() {
    func told(_ old: JSON, _ new: JSON) -> String? {
      RunIdentity("erase", new).difference(from: RunIdentity("erase", old))
    }
    let long = "a noto emoji of a fox that jumps over a lazy dog in a meadow at night"
    #expect(RunIdentity.cut(long) == "a noto emoji of a fox that jumps over a lazy dog in a ...")
    #expect(RunIdentity.cut("a fox") == "a fox")
    #expect(told(["seed": 1], ["seed": 1]) == nil)
    let both = told(
      ["base": "1234567890abcdef", "erasure": ["preserve": [.string(long)]], "seed": 1],
      ["base": "fedcba", "erasure": ["preserve": []], "seed": 2])
    #expect(both == "--seed is 1 there and 2 here")
    #expect(
      told(["erasure": ["preserve": [.string(long)]]], ["erasure": ["preserve": []]])
        == "--preserve: 'a noto emoji of a fox that jumps over a lazy dog in a ...' is to be preserved there and not here"
    )
    #expect(
      told(["base": "1234567890abcdef"], ["base": "fedcba"])
        == "the model has other weights, 1234567890ab there and fedcba here")
    #expect(
      told(["forgetImages": ["files": 3]], ["forgetImages": .null])
        == "--forget-images has other pictures, 3 files there and no folder here")
    #expect(
      RunIdentity("erase", [:]).difference(from: RunIdentity("audit", [:]))
        == "it is one of `lethe audit`")
  }

  /// Saving and offloading leave the result as it is, so a run may go on with other values, also inside a wrapped
  /// method.
  @Test func savingAndOffloadingDoNotCount() throws {
    let options: JSON = [
      "training": ["steps": 3, "saveEvery": 1, "offload": true],
      "options": ["training": ["offload": false, "batch": 2]],
    ]
    #expect(
      RunIdentity.decisive(options) == [
        "training": ["steps": 3], "options": ["training": ["batch": 2]],
      ])
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      try begun(model, in: run)
      let settings =
        Tiny.esd + [
          "training.learningRate=1e39", "training.saveEvery=2", "training.offload=true",
        ]
      let error = #expect(throws: LetheError.self) {
        try Erase(Tiny.job(model, "esd", "fox"), settings: settings)(in: run, on: .cpu)
      }
      #expect(error?.kind == .diverged)
    }
  }

  /// Where the model lies, how it was asked and by which command changes nothing; its weights do.
  @Test func theModelCountsAndItsPlaceDoesNot() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      try Erase(Tiny.job(model, "uce", "fox"), settings: [])(in: run, on: .cpu)
      let before = try Data(contentsOf: run.runFolder.eraserFile)
      let moved = ModelFolder(folder.appendingPathComponent("moved"))
      try FileManager.default.moveItem(at: model.url, to: moved.url)
      var job = Tiny.job(moved, "uce", "fox")
      job.command = ["lethe", "--threads", "7"]
      try Erase(job, settings: [])(in: run, on: .cpu)
      #expect(try Data(contentsOf: run.runFolder.eraserFile) == before)
      let base = try moved.model()
      let path = ParameterPath("unet.conv_in.bias")
      try base.replacing([path: Tensor.ones([8])]).save(to: moved.url)
      let error = #expect(throws: LetheError.self) {
        try Erase(job, settings: [])(in: run, on: .cpu)
      }
      #expect(
        error?.kind == .request && error?.sentence.contains("the model has other weights") == true)
    }
  }

  /// Files of state carry the identity, and are not used under another.
  @Test func statesCarryTheIdentity() throws {
    try Fixtures.temporaryFolder { folder in
      func fit(_ identity: String?, stopAt: Int? = nil) throws {
        let run = try Run(folder)
        run.identity = identity
        let p = Tensor.ones([2])
        p.requiresGradient = true
        var training = Training(steps: 4, rate: 0.1)
        training.saveEvery = 1
        do {
          try TrainingLoop("x", training, run).fit([p]) { step in
            if step.index == stopAt { throw LetheError.interrupted }
            return descend(p.squared().sum(), [p])
          }
        } catch let error as LetheError where error.kind == .interrupted {}
      }
      try fit("aa", stopAt: 2)
      let error = #expect(throws: LetheError.self) { try fit("bb") }
      #expect(error?.kind == .model)
      #expect(error?.sentence.contains("belongs to the request aa, this is bb") == true)
      try fit("aa")
    }
    // Version 0.1 wrote none.
    try Fixtures.temporaryFolder { folder in
      let p = Tensor.ones([2])
      var training = Training(steps: 4, rate: 0.1)
      training.saveEvery = 1
      for (identity, stop) in [(nil, 2), ("aa", 9)] as [(String?, Int)] {
        let run = try Run(folder)
        run.identity = identity
        p.requiresGradient = true
        _ = try? TrainingLoop("x", training, run).fit([p]) { step in
          if step.index == stop { throw LetheError.interrupted }
          return descend(p.squared().sum(), [p])
        }
      }
      let file = folder.appendingPathComponent("x.state.safetensors")
      #expect(try SafeTensors(contentsOf: file).metadata["step"] == "4")
    }
  }

  /// A folder of version 0.1 has the job alone.
  @Test func foldersWithoutAnIdentityAreJudgedByTheirJob() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      try begun(model, in: run)
      try FileManager.default.removeItem(at: run.file("identity.json"))
      let settings = Tiny.esd + ["training.learningRate=1e39", "training.saveEvery=1"]
      #expect(throws: LetheError.self) {
        try Erase(Tiny.job(model, "esd", "owl"), settings: settings)(in: run, on: .cpu)
      }
      #expect(!run.runFolder.has("identity.json"))
      try begun(model, in: run)
      #expect(run.runFolder.has("identity.json"))
    }
  }

  /// Options that came after a run was made have their defaults in it.
  @Test func olderIdentitiesStayReadable() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let job = Tiny.job(model, "esd", "fox")
      try Erase(job, settings: Tiny.esd)(in: run, on: .cpu)
      let old = try JSON(contentsOf: run.file("identity.json"))
      let hash = old["hash"]?.string
      var request = try #require(old["request"])
      var options = try #require(request["options"])
      options["training"]?["bfloat16"] = nil
      request["options"] = options
      var older = old
      older["request"] = request
      try run.runFolder.write(older, to: "identity.json")
      try Erase(job, settings: Tiny.esd)(in: run, on: .cpu)
      #expect(run.identity == hash)
      #expect(throws: LetheError.self) {
        try Erase(job, settings: Tiny.esd + ["training.bfloat16=true"])(in: run, on: .cpu)
      }
      try run.runFolder.write(JSON.object(["command": 1]), to: "identity.json")
      let error = #expect(throws: LetheError.self) {
        try Erase(job, settings: Tiny.esd)(in: run, on: .cpu)
      }
      #expect(error?.kind == .model && error?.sentence.contains("identity.json") == true)
    }
  }

  @Test func listingsTellFilesApart() throws {
    try Fixtures.temporaryFolder { folder in
      try Run.makeFolder(folder.appendingPathComponent("a"))
      try Data("xy".utf8).write(to: folder.appendingPathComponent("a/1.png"))
      let one = FolderListing(folder)
      #expect(one.files == 1 && one.bytes == 2)
      try Data("x".utf8).write(to: folder.appendingPathComponent(".hidden"))
      #expect(FolderListing(folder) == one)
      try Data("xyz".utf8).write(to: folder.appendingPathComponent("a/1.png"))
      #expect(FolderListing(folder) != one)
      try Data("yx".utf8).write(to: folder.appendingPathComponent("a/1.png"))
      #expect(FolderListing(folder) != one)
      try Data("xy".utf8).write(to: folder.appendingPathComponent("a/1.png"))
      #expect(FolderListing(folder) == one)
      try FileManager.default.moveItem(
        at: folder.appendingPathComponent("a/1.png"), to: folder.appendingPathComponent("a/2.png"))
      #expect(FolderListing(folder) != one)
    }
  }

  /// Trainings of a set follow one another in one folder; what an interrupted one left is not the next one's.
  @Test func trainingsOfASetBeginAnew() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      let (files, model) = (FileManager.default, try Tiny.model(folder))
      let base = try model.model().hash()
      let kept = folder.appendingPathComponent("kept")
      try Run.makeFolder(kept)
      /// The files of a training that ends after two steps.
      func states(in run: Run) -> [URL] {
        ((try? files.contentsOfDirectory(at: run.folder, includingPropertiesForKeys: nil)) ?? [])
          .filter {
            $0.path.hasSuffix(".state.safetensors") && !$0.lastPathComponent.hasPrefix("drawn-")
          }
      }
      func trained(_ name: String, rate: Double, goingOn: Bool = false) throws -> Data {
        let place = folder.appendingPathComponent(name)
        var set = try EraserSet.create(
          place, model: model.url.path, base: base, protecting: [], seed: 1)
        try set.add(EraserSet.Entry("fox", prompts: ["a fox"]))
        let run = try Run(place.appendingPathComponent("run"), seed: 1)
        if goingOn {
          for file in try files.contentsOfDirectory(at: kept, includingPropertiesForKeys: nil) {
            try files.copyItem(at: file, to: run.file(file.lastPathComponent))
          }
          #expect(states(in: run).count == 1)
        }
        run.onProgress = { p in
          guard p.done == 3, !goingOn, name == "other" else { return }
          for file in states(in: run) + [run.file("training.json")] {
            try? files.copyItem(at: file, to: kept.appendingPathComponent(file.lastPathComponent))
          }
        }
        try TrainErasers(
          Settings([
            "tolerance=0.1", "training.steps=4", "trajectories=1", "trajectorySteps=3",
            "training.saveEvery=1", "training.learningRate=\(rate)",
          ]))(&set, in: run, on: .cpu)
        return try Data(contentsOf: set.file("fox"))
      }
      let other = try trained("other", rate: 0.5)
      let whole = try trained("whole", rate: 1e-3)
      #expect(other != whole)
      #expect(try trained("after", rate: 1e-3, goingOn: true) == whole)
      #expect(try trained("same", rate: 0.5, goingOn: true) == other)
    }
  }
}

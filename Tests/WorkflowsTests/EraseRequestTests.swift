// Requests on models that list no subjects.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct EraseRequestTests {
  /// tiny-sd1 as people have models: without themes.json.
  static let model = ModelFolder(Fixtures.url("tiny-sd1").path)

  /// A model that lists its subjects.
  static let emoji = ModelFolder(Fixtures.package.appendingPathComponent("Models/emoji"))

  func erase(
    _ method: String = "esd", _ concepts: [String] = ["fox"], _ settings: [String] = [],
    _ change: (inout EraseJob) -> Void = { _ in }
  ) throws -> Erase {
    var job = Tiny.job(Self.model, method, "")
    (job.concepts, job.preserve) = (concepts, [])
    change(&job)
    return try Erase(job, settings: settings)
  }

  /// A slip in one of the two words of `--preserve` is no prompt to preserve.
  @Test(arguments: [
    ("other", "others"), ("Others", "others"), ("nnone", "none"), ("chruch", "church"),
    ("symbolla style", "symbola style"),
  ])
  func slipsOfPreserve(_ word: String, _ meant: String) throws {
    let erase = try erase("uce") { ($0.folder, $0.preserve) = (Self.emoji, [word]) }
    let refusal = #expect(throws: LetheError.self) { try erase.erasure() }
    #expect(refusal?.sentence.contains("'\(word)': did you mean '\(meant)'?") == true)
    let prompt = try self.erase("uce") { $0.preserve = ["a cat"] }
    #expect(try prompt.erasure().preserve == ["a cat"])
  }

  /// A kind beside a listed concept has no effect, and one beside a slip takes the slip for words; both are told.
  @Test func kindsThatHelpNothing() throws {
    func note(_ concept: String) throws -> String? {
      try erase("uce", [concept]) {
        $0.folder = Self.emoji
        ($0.wording, $0.preserve) = (ConceptWording(kind: .object), ["none"])
      }.notes().first
    }
    #expect(
      try note("foxx")?.contains("the model lists 'fox': did you mean that, without --kind?")
        == true)
    #expect(
      try note("fox")
        == "--kind object has no effect: the model lists 'fox', with prompts of its own")
    #expect(try note("zeppelin") == nil)
    let one = try erase("uce", ["fox"]) { $0.preserve = ["a cat"] }.summary()
    #expect(one.contains("1 prompt to preserve"))
  }

  /// A dry run refuses what the erasure would refuse after its start, and the erasure makes no folder then.
  @Test(arguments: [
    ("advunlearn", ["base=uce"], "cannot train 'uce'"),
    ("advunlearn", ["retainPrompts=/nowhere.csv"], "/nowhere.csv"),
    ("meta", ["timesteps=[1000]"], "timesteps: 1000; accepted: 0 to 999"),
    ("meta", ["base=advunlearn"], "simulates fine-tuning of the U-Net"),
    (
      "meta", ["base=advunlearn", "options.base=uce", "options.parameters=noxattn"],
      "cannot train 'uce'"
    ),
    ("salun", ["parameters=text_encoder"], "encodes its captions once"),
    ("salun", [], "there is nothing to keep"), ("retrain", [], "there is nothing to keep"),
    ("amnesia", [], "there is nothing to keep"),
    ("advunlearn", ["adversary.tokens=500"], "tokens and 500 more are"),
    ("sepme", ["tolerance=1e-12"], "directions of the text space"),
  ])
  func dryRunsRefuseTheSame(_ method: String, _ settings: [String], _ words: String) throws {
    try Fixtures.temporaryFolder { folder in
      let erase = try erase(method, ["fox"], settings) {
        $0.preserve = method == "sepme" ? ["a cat", "a dog", "a red house by the sea"] : []
      }
      let dry = #expect(throws: LetheError.self) { try erase.check(nil, on: .cpu) }
      #expect(dry?.sentence.contains(words) == true, "\(dry?.sentence ?? "")")
      let run = try Run(folder.appendingPathComponent("run"))
      let real = #expect(throws: LetheError.self) { try erase(in: run, on: .cpu) }
      #expect(real == dry, "\(real?.sentence ?? "")")
      #expect(!run.runFolder.has("identity.json"))
    }
  }

  /// A method around itself would simulate its own simulation, with one file of state for both.
  @Test func noMethodInsideItself() {
    for method in ["meta", "advunlearn"] {
      let error = #expect(throws: LetheError.self) {
        try erase(method, ["fox"], ["base=\(method)"])
      }
      #expect(
        error?.sentence.hasPrefix(
          "'base' is \(method), which cannot be inside itself; accepted: esd") == true)
    }
  }

  /// A training of no step is told, and one of some steps and a closed form are not.
  @Test func noStepIsTold() throws {
    func told(_ method: String, _ settings: [String]) throws -> Bool {
      try Erase(
        EraseJob(Self.model, method, "fox", preserve: [], seed: 0, command: []), settings: settings
      ).notes().contains { $0.hasPrefix("training.steps is 0: nothing is trained") }
    }
    #expect(try told("esd", ["training.steps=0"]))
    #expect(try !told("esd", ["training.steps=1"]))
    #expect(try !told("uce", []))
  }

  /// An erasure that keeps nothing says so, with what would keep something; not where that was asked for, and not by a
  /// method that keeps something of its own.
  @Test func nothingPreservedIsSaid() throws {
    let emoji = ModelFolder("Models/emoji")
    func told(
      _ method: String, _ preserve: [String], _ settings: [String] = [], in model: ModelFolder
    ) throws -> (note: String?, fact: String?) {
      let erase = try Erase(
        EraseJob(model, method, "fox", preserve: preserve, seed: 0, command: []),
        settings: settings)
      let note = try erase.notes().first { $0.hasPrefix("nothing is preserved") }
      #expect(try erase.nothingPreserved == erase.job.nothingPreserved(.builtIn))
      return (note, try erase.nothingPreserved)
    }
    let bare = try told("uce", [], in: emoji)
    #expect(bare.note?.contains("--preserve others keeps every other subject") == true)
    #expect(bare.fact == "nothing is preserved: other subjects may be lost")
    #expect(try told("uce", [], in: Self.model).note?.contains("--prompts FILE") == true)
    let meant = try told("uce", ["none"], in: emoji)
    #expect(meant.note == nil && meant.fact == bare.fact)
    for (method, preserve, settings) in [
      ("uce", ["others"], []), ("esd", ["a cat"], []), ("advunlearn", [], []), ("meta", [], []),
    ] as [(String, [String], [String])] {
      let found = try told(method, preserve, settings, in: emoji)
      #expect(found.note == nil && found.fact == nil, "\(method): \(found)")
    }
    // Where the options keep nothing, no list of prompts would help.
    for (method, option) in [("esd", "preserveWeight=0"), ("advunlearn", "gamma=0")] {
      let found = try told(method, [], [option], in: emoji)
      #expect(found.note == "nothing is preserved (\(option)): other subjects may be lost")
    }
    // A kind brings prompts to keep.
    let kind = try erase { $0.wording = ConceptWording(kind: .object) }
    #expect(try kind.nothingPreserved == nil)
  }

  /// A kind brings prompts, anchors and prompts to keep; what the user gives takes their place, and --dry-run prints
  /// all of it.
  @Test func kindsBringPrompts() throws {
    let bare = try erase().erasure()
    #expect(bare.forget[0].prompts == ["fox"] && bare.preserve.isEmpty && bare.regular == nil)
    let object = try erase { $0.wording = ConceptWording(kind: .object) }
    let request = try object.erasure()
    #expect(request.forget[0].phrases.count == ConceptKind.object.trainingTemplates.count)
    #expect(request.preserve.contains { $0.hasSuffix("of a cat") } && request.preserve.count > 80)
    #expect(request.regular == request.preserve)
    #expect(!request.preserve.contains { $0.mentions("fox") })
    let lines = try object.summary().joined(separator: "\n")
    for part in [
      "fox (object): 5 prompts to forget", "'a photo of a fox' becomes 'a photo'",
      "'a photo of an animal'", "other subjects: ", "of a cat;", "prompts to preserve",
    ] { #expect(lines.contains(part), "\(part)") }
    let none = try erase {
      ($0.wording, $0.preserve) = (ConceptWording(kind: .object), ["none"])
    }.erasure()
    #expect(none.preserve.isEmpty)
    let own = try erase {
      ($0.wording, $0.preserve) = (ConceptWording(kind: .object), ["a cat"])
    }.erasure()
    #expect(own.preserve == ["a cat"] && own.regular == nil)
    let hand = try erase {
      $0.wording = ConceptWording(related: ["wolf"], unrelated: ["bus"])
    }.erasure()
    #expect(hand.preserve == ["wolf", "bus"] && hand.regular == nil)
  }

  /// A concept has one name in each of its spellings, and is given once; an empty one is none, whatever the method.
  @Test(arguments: MethodCatalog.builtIn.names) func names(_ method: String) throws {
    for spelling in ["a fox", "fox", "The fox"] {
      #expect(try erase(method, [spelling]).job.concepts == ["fox"])
    }
    let twice = try #require(throws: LetheError.self) { try erase(method, ["a fox", "fox"]) }
    #expect(twice.kind == .request && twice.description.contains("'fox' is given twice"))
    for empty in ["", "  "] {
      let error = try #require(throws: LetheError.self) { try erase(method, [empty]) }
      #expect(error.kind == .request && error.description.contains("--concept"))
    }
  }

  /// Pictures are for methods that train on data; the others say that and name those.
  @Test(arguments: MethodCatalog.builtIn.all.map { $0.name }) func dataIsNotForPrompts(
    _ method: String
  ) throws {
    func given() throws {
      _ = try erase(method) { ($0.forgetImages, $0.retainImages) = ("x", "x") }
    }
    if try MethodCatalog.builtIn.named(method) is any DataMethod.Type {
      try given()
    } else {
      let error = try #require(throws: LetheError.self) { try given() }
      #expect(error.kind == .request && error.description.contains("--data"))
      #expect(
        error.description.contains("takes no pictures") && error.description.contains("salun"))
    }
  }

  @Test func contradictionsAreRefused() throws {
    func refused(_ part: String, _ concepts: [String] = ["fox"], _ change: (inout EraseJob) -> Void)
      throws
    {
      let error = try #require(throws: LetheError.self) {
        try erase("esd", concepts, [], change).erasure()
      }
      #expect(error.kind == .request && error.description.contains(part), "\(error.description)")
    }
    try refused("give one of them") {
      ($0.wording, $0.replacement) = (ConceptWording(anchor: "animal"), "dog")
    }
    try refused("2 concepts are named", ["fox", "owl"]) {
      $0.wording = ConceptWording(prompts: ["a fox"])
    }
    try refused("does not mention 'fox'") { $0.wording = ConceptWording(prompts: ["a wolf"]) }
    try refused("names nothing") { $0.wording = ConceptWording(related: [" "]) }
    try refused("accepted: --kind") { $0.preserve = ["others"] }
    try refused("'none' stands alone") { $0.preserve = ["none", "a cat"] }
    // A replacement is no other concept that is to be forgotten.
    try refused("'owl' is to be forgotten itself", ["fox", "owl"]) {
      $0.replacement = "a snowy owl"
    }
    try refused("'owl' is to be forgotten itself", ["fox", "owl"]) {
      $0.wording = ConceptWording(anchor: "owl")
    }
  }

  /// In a benchmark no caption that pictures are judged with is one of the training: neither to forget nor to keep.
  @Test(arguments: ["fox", "noto style"]) func judgedCaptionsAreHeldOut(_ concept: String) throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      func prompts(_ holdsOut: Bool?) throws -> Set<String> {
        var job = Tiny.job(model, "esd", concept)
        job.holdsOutJudgedCaption = holdsOut
        let request = try Erase(job, settings: []).erasure()
        return Set(request.forget.flatMap(\.prompts) + request.preserve)
      }
      let judged = Set(
        try Evaluate(Tiny.job(model, "esd", concept), Tiny.evaluation).samples.map(\.prompt))
      #expect(try !prompts(nil).isDisjoint(with: judged))
      #expect(try prompts(true).isDisjoint(with: judged))
      #expect(try prompts(true).contains { $0.mentions("fox") })
    }
  }

  /// Anchors of a listed concept say nothing of another one that is forgotten with it.
  @Test func anchorsOfSeveralConcepts() throws {
    try Fixtures.temporaryFolder { folder in
      var job = Tiny.job(try Tiny.model(folder), "esd", "fox")
      job.concepts = ["fox", "noto style"]
      let request = try Erase(job, settings: []).erasure()
      for concept in request.forget {
        for phrase in concept.phrases {
          #expect(!request.asks(phrase.anchor), "\(phrase.anchor)")
        }
      }
    }
  }

  /// Meta-Unlearning on a free word, without a kind and without prompts to keep.
  @Test func metaOnFreeWords() throws {
    Runtime.threads = 1
    let settings = [
      "base=uce", "training.steps=1", "training.batch=2", "pictures=2", "pictureSteps=2",
      "attack.steps=1", "guarding.limit=0",
    ]
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      let eraser = try erase("meta", ["fox"], settings)(in: run, on: .cpu).eraser
      #expect(eraser.vector.norm > 0)
    }
  }

  /// Concept Ablation goes to the broader concept, SepME shapes its basis by the kind's prompts; both do something.
  @Test func kindsInTraining() throws {
    Runtime.threads = 1
    let small = ["training.steps=2", "trajectories=2", "trajectorySteps=3"]
    func train(_ method: String, _ settings: [String], _ wording: ConceptWording?) throws -> Eraser
    {
      try Fixtures.temporaryFolder { folder in
        try erase(method, ["fox"], small + settings) {
          ($0.wording, $0.preserve) = (wording, wording == nil ? [] : $0.preserve)
        }(in: Run(folder, seed: 1), on: .cpu).eraser
      }
    }
    let kind = ConceptWording(kind: .object)
    let ablated = try train("ablation", ["guarding.limit=0", "preserveTrajectories=2"], kind)
    #expect(ablated.vector.norm > 0)
    let separable = try train("sepme", ["tolerance=0.1"], kind)
    #expect(separable.vector.norm > 0)
    let alone = try train("sepme", ["tolerance=0.1"], nil)
    #expect((separable.vector - alone.vector).norm > 0)
  }

  /// The command that measures a run names a judge where the model has none that could see the concept.
  @Test func measuringNamesAJudge() throws {
    try Fixtures.temporaryFolder { folder in
      let listed = try Tiny.model(folder)
      #expect(Tiny.job(listed, "esd", "fox").measuring("runs/a") == ["evaluate", "runs/a"])
      let judged = ["evaluate", "runs/a", "--judge", "clip:FOLDER"]
      #expect(Tiny.job(listed, "esd", "Van Gogh").measuring("runs/a") == judged)
      let plain = Tiny.job(ModelFolder(Fixtures.url("tiny-sd1").path), "esd", "fox")
      #expect(plain.measuring("runs/a") == judged)
      #expect(plain.measuring("runs/a", judges: [JudgeSpec("none")]) == ["evaluate", "runs/a"])
      let run = RunFolder(folder.appendingPathComponent("run"))
      try Run.makeFolder(run.url)
      try run.write(plain, to: "job.json")
      let page = try String(contentsOf: WriteReport(run)(), encoding: .utf8)
      #expect(page.contains("--judge clip:FOLDER"))
    }
  }

  /// An option without effect beside others is refused where it is set, may stand in the model's file, and is in no
  /// job.
  @Test func idleOptionsAreRefused() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      func job(_ method: String, _ settings: [String]) throws -> JSON {
        try Erase(Tiny.job(model, method, "fox"), settings: settings).job.options
      }
      for (method, setting, other) in [
        ("advunlearn", "gamma=0.5", "retain=alternating"),
        ("advunlearn", "retainTrajectories=2", "pooled=false"),
        ("meta", "picturesInPass=2", "attack.secondOrder=true"),
        ("erasediff", "pool=2", "surrogate=noise"),
        ("sepme", "rho=2", "form=whole"), ("sepme", "sideBySide=2", "form=joint"),
      ] {
        let option = String(setting.prefix { $0 != "=" })
        let error = #expect(throws: LetheError.self) { try job(method, [other, setting]) }
        #expect(
          error?.sentence == "--set: '\(option)' has no effect beside \(other); leave it out")
        #expect(error?.kind == .request)
        #expect(try job(method, [setting])[option] != nil && job(method, [other])[option] == nil)
        try Data("{\"\(method)\": {\"\(option)\": 2}}".utf8).write(to: model.file("methods.json"))
        #expect(try job(method, [other])[option] == nil && job(method, [])[option] == 2)
      }
      // Beside a former name in the file, the sentence names the option that counts.
      try Data(#"{"erasediff": {"rule": "fixed", "eta": 1}}"#.utf8)
        .write(to: model.file("methods.json"))
      let former = #expect(throws: LetheError.self) { try job("erasediff", ["eta=0.5"]) }
      #expect(
        former?.sentence
          == "--set: 'eta' has no effect beside lambdaRule=fixed, which takes 'lambda' in its place; leave it out"
      )
      #expect(try job("erasediff", ["lambda=0.5"])["lambda"]?.number == 0.5)
      // A job of such a run gives the same run again.
      var request = Tiny.job(model, "advunlearn", "fox")
      let settings = [
        "retain=alternating", "training.steps=2", "warmup=1", "adversary.steps=1",
        "retainTrajectories=1", "options.trajectories=1", "options.trajectorySteps=2",
        "guarding.limit=0",
      ]
      request.preserve = ["a cat"]
      let run = try Run(folder.appendingPathComponent("run"))
      let first = try Erase(request, settings: settings)(in: run, on: .cpu).eraser
      let (again, options) = try EraseJob.read(run.file("job.json"))
      #expect(try Erase(again, [options])(in: run, on: .cpu).eraser.hash() == first.hash())
    }
  }
}

import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Processes
import Reports
import Torch
import Training
import Workbench
import Workflows

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Draw with the erased and the original model, and measure both with the judge.",
    help: """
      Examples:
        lethe evaluate runs/esd-fox
        lethe evaluate runs/esd-fox --quick
        lethe evaluate runs/van-gogh --judge clip:clip-vit-large-patch14 --prompts artists.csv
        lethe evaluate pictures --concept fox --judge clip:clip-vit-base-patch32 --out runs/judged
        lethe evaluate Models/emoji --out runs/pairs  # every pair of the model
        lethe evaluate Models/emoji --with runs/esd-fox --with runs/uce-cat --out runs/both
        lethe evaluate Models/emoji --erasers runs/set --out runs/set-judged

      Both models draw the same prompts with the same seeds. RUN/results.json gets rows of method, subject, metric, \
      value, unit, n and seeds, and lower, upper and interval where an interval is known. Finished pictures are kept. \
      A concept that the model's themes.json does not list is drawn in words of its kind (`erase --kind`), beside \
      subjects that are near to it and far from it in the text encoder. A judge is first measured on the original's \
      pictures; one that cannot tell the concept there gives no rates. RUN/samples.jsonl has a line with the judge's \
      answer for every picture. With --with or --erasers the sum of the erasers is measured, and the folder of --out \
      becomes a run that `attack` and `relearn` take.
      """)

  @Argument(
    help: "Folder of a run of `lethe erase`, of a model, or of captioned pictures.",
    completion: .directory)
  var runFolder: String
  @Option(help: "Folder for the results of a model or of pictures. Runs need none.")
  var out: String?
  @Option(
    help:
      "CSV file of prompts, or a suite of `lethe list prompts`. Rows with 'yes' in a column 'forget' ask for the concept. Without the column, rows that contain the concept's words do.",
    completion: .file(extensions: ["csv"]))
  var prompts: String?
  @Option(
    help:
      "Concept to look for in a folder of pictures. With --with or --erasers: the erased concepts to measure. May be repeated.",
    completion: .concepts)
  var concept: [String] = []
  @Option(
    help:
      "Eraser file, or folder of a run of `lethe erase`, to lay on the model, perhaps with a strength: runs/fox:0.5. May be repeated."
  )
  var with: [String] = []
  @Option(help: "Folder of a set of erasers (`lethe eraser`) to lay on the model.")
  var erasers: String?
  @Option(
    help: "Erasers of the set that are on, e.g. fox,cat. Those that are switched on when left out.")
  var active: String?
  @Option(help: "Kind of --concept: object, style, artist, person or content.")
  var kind = "object"
  @Flag(help: "Replace results and pictures of another evaluation in the same folder.")
  var overwrite = false
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var measuring: MeasuringOptions
  @OptionGroup var size: SizeOptions
  @OptionGroup var additions: ModelOptions
  @OptionGroup var offloading: OffloadOptions
  @OptionGroup var preview: PreviewOptions
  @OptionGroup var common: CommonOptions

  /// The folders of the pictures of both models.
  private static let parts = ["original", "erased"]

  func run() throws {
    try common.reporting(shares: true) {
      let model = ModelFolder(runFolder, additions.additions)
      if !with.isEmpty || erasers != nil {
        try refuse(
          .wording + .judging + ["--prompts", "--concept"] + (erasers == nil ? [] : ["--active"]),
          of: "a model with erasers")
        guard let out else {
          throw LetheError.badValue(
            "evaluate", "the results of a model with erasers need a folder; give --out FOLDER")
        }
        let reference = ModelReference(
          model, erasers: with, set: erasers, active: active?.listed)
        let combined = CombinedRun(
          reference, concepts: try CommonOptions.spelled(concept, in: model),
          command: ["lethe"] + CommandLine.arguments.dropFirst(), catalogs: LetheProgram.catalogs)
        let device = try offloading.openDevice(common)
        if preview.dryRun {
          try CommonOptions.writable(out, parts: Self.parts)
          // The sum of the erasers lies elsewhere for as long as it is looked at.
          let scratch = FileManager.default.temporaryDirectory
            .appendingPathComponent("lethe-\(UUID().uuidString)")
          defer { try? FileManager.default.removeItem(at: scratch) }
          _ = try combined(in: Run(scratch, seed: 0), on: device)
          return try plan(RunFolder(scratch), out, on: device)
        }
        let run = try common.run(at: out, seed: 0, parts: Self.parts)
        MadeFolders.derive(run.runFolder.eraserFile.lastPathComponent)
        try run.ranks.first { _ = try combined(in: run, on: device) }
        return try measure(run, out, on: device)
      }
      if model.isModel {
        try refuse([], of: "a model, whose own subjects are drawn")
        guard let out else {
          throw LetheError.badValue(
            "evaluate", "\(runFolder) is a model, whose pictures need a folder; give --out FOLDER")
        }
        var options = try size.options()
        options.retainSeeds = options.seeds
        if preview.dryRun {
          try CommonOptions.writable(out, parts: ["pictures"])
          let plan = try AuditModel(model, options).plan(on: offloading.openDevice(common))
          return common.preview(plan, ["model": .string(runFolder), "out": .string(out)])
        }
        let results = try AuditModel(model, options)(
          in: common.run(at: out, seed: 0, parts: ["pictures"]), on: offloading.openDevice(common))
        return try common.show(JSON(encoding: results)) {
          for row in results.rows {
            print("\(row.metric): \(row.measured.text(hasUnit: true)), n \(row.measured.size)")
          }
        }
      }
      try additions.refuse(where: "a run or pictures")
      if !RunFolder(runFolder).has("job.json"), !concept.isEmpty || out != nil {
        try refuse(["--concept", "--kind", "--judge"], of: "pictures")
        return try judgePictures()
      }
      _ = try RunFolder(runFolder).job()
      try refuse(.wording + .judging + ["--prompts"], of: "a run")
      guard out == nil else {
        throw LetheError.badValue(
          "--out", "\(runFolder) is a run, whose results stay in its folder; leave --out out")
      }
      if preview.dryRun {
        try CommonOptions.writable(runFolder, parts: Self.parts)
        return try plan(RunFolder(runFolder), runFolder, on: offloading.openDevice(common))
      }
      try measure(
        common.run(at: runFolder, seed: 0, parts: Self.parts), runFolder,
        on: offloading.openDevice(common))
    }
  }

  /// The evaluation of a run, and its prompts and judges.
  private func evaluation(
    of folder: RunFolder, on device: Device,
    note: @escaping (String?) -> Void = { $0.map(CommonOptions.note) }
  ) throws -> (evaluate: Evaluate, suite: PromptSuite, judges: [JudgeSpec]) {
    let words = judging.words
    let (job, options) = (
      try folder.job(),
      try size.options(of: prompts, words.forgetPrompts, words.retainPrompts)
    )
    let judges = try judging.judges(of: folder, for: job)
    let suite = try judging.request(prompts)
      .suite(of: job, options, on: device, note: note)
    var evaluate = try Evaluate(
      job, options, catalogs: LetheProgram.catalogs, suite, judges: judges)
    (evaluate.overwrites, evaluate.measures) = (overwrite, try measuring.measures())
    evaluate.command = ["lethe"] + CommandLine.arguments.dropFirst()
    return (evaluate, suite, judges)
  }

  /// Says what the measurement of a run would do.
  /// - Parameter out: the folder that the results would be in
  private func plan(_ folder: RunFolder, _ out: String, on device: Device) throws {
    let (evaluate, suite, judges) = try evaluation(of: folder, on: device)
    let plan = try evaluate.plan(in: RunFolder(out), eraser: folder.eraser(), on: device)
    common.preview(
      try plan.timed(on: evaluate.job.folder.model(on: device)),
      [
        "run": .string(out), "concepts": .array(evaluate.job.concepts.map(JSON.string)),
        "judges": .array(judges.map { .string($0.description) }),
      ], try common.previewed(samples: suite.samples))
  }

  /// Measures a run that has its eraser.
  private func measure(_ run: Run, _ folder: String, on device: Device) throws {
    let (evaluate, suite, judges) = try evaluation(
      of: run.runFolder, on: device, note: run.note)
    let (job, eraser) = (evaluate.job, try run.runFolder.eraser())
    let results = try evaluate(in: run, eraser: eraser, on: device)
    if !judging.judge.isEmpty { try run.runFolder.keep(judges) }
    ProgressLine.shared.end()
    if common.json { return print(try JSON(encoding: results).pretty, terminator: "") }
    let verdict = RunVerdict(results)
    let lines =
      verdict.lines + [run.runFolder.otherErased(LetheProgram.catalogs)].compactMap(\.self)
    let isJudged = judges.contains { $0.scheme != NoJudge.scheme }
    guard !common.isQuiet else {
      return print(
        isJudged
          ? (results.quick ? "quick: " : "") + lines.joined(separator: "\n") : folder)
    }
    Self.printTable(of: results, common)
    if results.quick, !results.rows.isEmpty {
      print("quick: the run has few pictures and wide intervals; quote a full run instead")
    }
    if isJudged {
      lines.forEach { print($0) }
      verdict.warnings.forEach { print("warning: \($0)") }
    } else {
      print(
        "\(suite.samples.count) pictures of each model are in \(folder)/original and \(folder)/erased; nothing was judged (--judge none)"
      )
    }
    results.notes.forEach { print($0) }
    if isJudged, prompts != nil, let sentence = evaluate.noComposition { print(sentence) }
    if let sentence = job.nothingPreserved(LetheProgram.catalogs) { print("\(sentence)") }
    common.next("report", folder.pathWord)
  }

  /// Prints the measures that matter most and the meaning of their columns; nothing where nothing was measured.
  private static func printTable(of results: Results, _ common: CommonOptions) {
    guard !results.rows.isEmpty else { return }
    let metrics = LetheProgram.catalogs.metrics
    print(ResultsPage.main(results, metrics).markdown, terminator: "")
    if !common.isQuiet { print(ResultsPage.legend(results, metrics)) }
  }

  private func judgePictures() throws {
    guard let kind = ConceptKind(rawValue: kind) else {
      throw LetheError.unknown(
        "kind", kind, known: ConceptKind.allCases.map(\.rawValue), in: "--kind")
    }
    var judge = try JudgePictures(
      RunFolder(runFolder).url, concepts: concept, kind,
      judges: judging.judge.map(JudgingOptions.spec))
    judge.catalogs = LetheProgram.catalogs
    guard let out else {
      throw LetheError.badValue(
        "evaluate", "the results of pictures need a folder; give --out FOLDER")
    }
    if preview.dryRun {
      try CommonOptions.writable(out)
      let count = try judge.check(on: common.openDevice())
      return common.preview(
        ["pictures: \(count) to judge", "judge: \(judging.judge.joined(separator: ", "))"],
        ["pictures": .int(count), "out": .string(out)])
    }
    let results = try judge(in: common.run(at: out, seed: 0), on: common.openDevice())
    ProgressLine.shared.end()
    if common.json { return print(try JSON(encoding: results).pretty, terminator: "") }
    Self.printTable(of: results, common)
  }
}

import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Processes
import Torch
import Training
import Unlearning
import Workbench
import Workflows

struct EraseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Make a model forget a concept, and write an eraser file.",
    help: """
      Examples:
        lethe erase Models/emoji --method esd --concept fox --out runs/esd-fox
        lethe erase Models/emoji --method uce --concept "symbola style" --preserve others --out runs/uce-symbola
        lethe erase Models/animals --method erasediff --concept zebra --data data/animals --out runs/zebra
        lethe erase ~/sd14 --method esd --concept "Van Gogh" --kind artist --export diffusers --out runs/vg

      The model's folder is never changed. RUN/eraser.safetensors has the change of each edited tensor. \
      `lethe generate --with RUN` adds it to the model. `--export diffusers` also writes the whole edited model. \
      `lethe list methods --verbose` lists every option that --set takes.
      """)

  @Argument(
    help: "Model folder in the diffusers layout. That of --config when left out.",
    completion: .directory)
  var model: String?
  @Option(
    help:
      "Method: uce takes seconds, esd trains for minutes; `lethe list methods` names all.",
    completion: .methods)
  var method: String?
  @Option(
    help:
      "Concept to forget: an object or style that the model lists, or any words. May be repeated.",
    completion: .concepts)
  var concept: [String] = []
  @Option(
    help:
      "File of a request in JSON or YAML, such as the job.json of a run. The command line goes over it.",
    completion: .file(extensions: ["json", "yaml", "yml"]))
  var config: String?
  @Option(
    help:
      "Words that take the concept's place: its prompts give their pictures. The method's own target when left out."
  )
  var replaceWith: String?
  @Option(help: "The same as a whole caption, e.g. 'a photo of a pokemon'.")
  var replaceCaption: String?
  @OptionGroup var wording: WordingOptions
  @Option(
    help:
      "CSV file of prompts that ask for the concept, as --prompt. Rows with 'no' in a column 'forget' are preserved.",
    completion: .file(extensions: ["csv"]))
  var prompts: String?
  @Option(
    help:
      "Prompt whose pictures should stay, 'others' for every other subject that the model lists or of the --kind, or 'none'. When left out, 'others' for concepts in words of your own with --kind, and nothing for concepts that the model lists. May be repeated."
  )
  var preserve: [String] = []
  @Option(
    help:
      "Folder of captioned pictures to forget, for methods that train on data. Drawn from the model when left out.",
    completion: .directory)
  var forgetImages: String?
  @Option(
    help:
      "Folder of captioned pictures to retain. Drawn from the model by the --preserve prompts when left out.",
    completion: .directory)
  var retainImages: String?
  @Option(
    help:
      "Folder of captioned pictures in place of both: those with the concept in their caption are forgotten, the others retained.",
    completion: .directory)
  var data: String?
  @Option(
    name: .customLong("set"),
    help: "Option of the method, e.g. training.steps=300. May be repeated.")
  var settings: [String] = []
  @Option(help: "Seed of all random draws. 0 when left out.")
  var seed: UInt64?
  @Option(
    help:
      "Form of a whole edited model: 'diffusers' for a folder RUN/model, 'single' for RUN/model.safetensors. None when left out."
  )
  var export: ExportForm?
  @Option(
    help: "Element type of the exported model: float32, float16 or bfloat16.")
  var saveDtype: FloatType?
  @OptionGroup var additions: ModelOptions
  @Option(help: "Folder of the run. The same command goes on with an interrupted run in it.")
  var out: String?
  @Flag(
    help:
      "Preview: check model, options, data and folder, print the resolved job as JSON, and on standard error every prompt, and stop."
  )
  var dryRun = false
  @Option(
    help:
      "Number of training steps from one sample picture to the next, at least 1: RUN/training-samples gets a picture of the first prompt of each concept and of one to preserve. None when left out."
  )
  var sampleEvery: Int?
  @Flag(help: "TensorBoard event files in RUN/tensorboard, beside events.jsonl and events.csv.")
  var tensorboard = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    let needed = [
      ("<model>", model != nil || config != nil),
      ("--method <method>", method != nil || config != nil),
      ("--concept <concept> ...", !concept.isEmpty || config != nil), ("--out <out>", out != nil),
    ]
    guard let missing = needed.first(where: { !$0.1 })?.0 else { return }
    throw ValidationError("Missing expected argument '\(missing)'")
  }

  func run() throws {
    try common.reporting(shares: true) {
      let out = out ?? ""
      try accept("--sample-every", sampleEvery, .atLeastOne)
      let file = try config.map { try RecipeFile($0, "--config") }
      var erase = try RecipeFile.reading(file) {
        let (job, options) = try request(file)
        return try Erase(
          job, [Settings(settings)], over: file == nil ? nil : options,
          exports: export.flatMap { Export(rawValue: $0.rawValue) },
          catalogs: LetheProgram.catalogs)
      }
      try refuseIdle(beside: erase)
      let job = erase.job
      erase.dtype = saveDtype?.dtype
      if dryRun {
        try CommonOptions.writable(out)
        try erase.check(RunFolder(out).url, on: common.openDevice())
        print(try JSON(encoding: erase.job).pretty, terminator: "")
        guard !common.isQuiet else { return }
        try (erase.summary() + erase.notes()).forEach(warn)
        let model = try job.folder.model()
        warn(try erase.memorySentence(on: model))
        return
      }
      let run = try common.run(at: out, seed: job.seed)
      if !common.isQuiet, !common.json {
        let line = try erase.optionsLine()
        erase.begins = { warn(line) }
      }
      if tensorboard, RankSession.ranks.isFirst { try run.writeTensorBoard() }
      run.sampleEvery = sampleEvery
      let start = Date()
      let (eraser, verdict) = try erase(in: run, on: common.openDevice())
      try run.writeEventTable()
      let written = "\(out)/\(run.runFolder.eraserFile.lastPathComponent)"
      let seconds = Date().timeIntervalSince(start)
      try common.show([
        "eraser": .string(written), "concepts": .array(erase.job.concepts.map(JSON.string)),
        "tensors": .int(eraser.vector.tensors.count), "bytes": .int(eraser.vector.count * 4),
        "seconds": .number(seconds), "keptWhole": .bool(verdict == .keptWhole),
      ]) {
        print(
          "\(erase.job.concepts.joined(separator: ", ")): \(eraser.vector.tensors.count.counted("tensor")), "
            + String(format: "%.1f MB, %.1f s", Double(eraser.vector.count * 4) / 1e6, seconds)
            + ", in \(written)")
      }
      if let message = verdict.warning { throw LetheError(.collapsed, message) }
      let usual = try Defaults.read("LETHE_JUDGE", for: "--judge", JudgingOptions.spec)
      common.next(erase.job.next(out.pathWord, judges: [usual].compactMap(\.self)))
    }
  }
}

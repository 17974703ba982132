import ArgumentParser
import Diffusion
import Editing
import Foundation
import Torch
import Training
import Unlearning
import Workbench

struct EraseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Make a model forget a concept, and write an eraser file.",
    discussion: """
      Examples:
        lethe erase Models/emoji --method esd --concept fox --out runs/esd-fox
        lethe erase Models/emoji --method uce --concept "symbola style" --preserve others --out runs/uce-symbola
        lethe erase Models/animals --method erasediff --concept zebra --data data/animals --out runs/zebra
        lethe erase ~/sd14 --method esd --concept "Van Gogh" --set parameters=xattn --export diffusers --out runs/vg

      The model's folder is never changed. RUN/eraser.safetensors has the change of each edited tensor. \
      `lethe generate --with RUN` adds it to the model. `--export diffusers` also writes the whole edited model. \
      `lethe list methods --verbose` lists every option that --set takes.
      """)

  @Argument(help: "Model folder in the diffusers layout.", completion: .directory)
  var model: String
  @Option(help: "Method: esd, uce, sepme, ... `lethe list methods` names them.")
  var method: String
  @Option(
    help:
      "Concept to forget: an object or style that the model lists, or any words. May be repeated."
  )
  var concept: [String]
  @Option(
    help:
      "Words that take the concept's place: its prompts give their pictures. The method's own target when left out."
  )
  var replaceWith: String?
  @Option(help: "The same as a whole caption, e.g. 'a photo of a pokemon'.")
  var replaceCaption: String?
  @Option(
    help:
      "Prompt whose pictures should stay, or 'others' for every other subject that the model lists. May be repeated."
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
  @Option(help: "Seed of all random draws.")
  var seed: UInt64 = 0
  @Option(
    help:
      "Form of a whole edited model: 'diffusers' for a folder RUN/model, 'single' for RUN/model.safetensors. None when left out."
  )
  var export: ExportForm?
  @Option(
    help: "Element type of the exported model: float32, float16 or bfloat16.")
  var saveDtype: SaveDType?
  @OptionGroup var additions: ModelOptions
  @Option(help: "Folder of the run. The same command goes on with an interrupted run in it.")
  var out: String
  @Flag(help: "Preview: print the resolved job and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var job = EraseJob()
      (job.method, job.concepts) = (method, concept)
      job.folder = ModelFolder(model, additions.additions)
      (job.replacement, job.replacementCaption) = (replaceWith, replaceCaption)
      (job.preserve, job.seed) = (preserve, seed)
      guard data == nil || (forgetImages == nil && retainImages == nil) else {
        throw LetheError.badValue(
          "--data",
          "it takes the place of --forget-images and --retain-images; give --data alone, or those two"
        )
      }
      (job.forgetImages, job.retainImages) = (forgetImages ?? data, retainImages ?? data)
      job.command = ["lethe"] + CommandLine.arguments.dropFirst()
      var erase = try Erase(
        job, settings: settings, exports: export.flatMap { Export(rawValue: $0.rawValue) })
      erase.dtype = saveDtype?.dtype
      if dryRun {
        let erasure = try erase.erasure()
        print(try JSON(encoding: erase.job).pretty, terminator: "")
        print(
          "\(erasure.forget.flatMap(\.phrases).count) prompts to forget, \(erasure.preserve.count) to preserve"
        )
        if let memory = try erase.method.memory(for: { try job.folder.model() }) {
          print(memory)
        }
        return
      }
      let run = try common.run(at: out, seed: seed)
      let start = Date()
      let (eraser, verdict) = try erase(in: run, on: common.openDevice())
      if let message = verdict.warning {
        warn("warning: \(message)")
      }
      if !common.quiet {
        let size = Double(eraser.vector.count * 4) / 1e6
        print(
          "\(concept.joined(separator: ", ")): \(eraser.vector.tensors.count) tensors, "
            + String(format: "%.1f MB, %.1f s", size, Date().timeIntervalSince(start))
            + ", in \(out)/\(run.runFolder.eraserFile.lastPathComponent)")
      }
    }
  }
}

import Diffusion
import Editing
import Foundation
import Torch
import Training
import Workbench
import Workflows

extension EraseCommand {
  /// - Throws: ``LetheError`` of the kind `request` for options that have no effect beside the others
  func refuseIdle(beside erase: Erase) throws {
    guard saveDtype == nil || export != nil else {
      throw LetheError.badValue(
        "--save-dtype",
        "it is the type of the exported model, and no --export is given; accepted: both or neither")
    }
    guard !erase.isTraining else { return }
    let given = [
      sampleEvery == nil ? nil : "--sample-every", tensorboard ? "--tensorboard" : nil,
    ].compactMap(\.self)
    guard given.isEmpty else {
      throw LetheError.badValue(
        given.joined(separator: ", "),
        "\(erase.job.method) is a closed form, which has no training steps to show; accepted: a method that trains, such as esd"
      )
    }
  }

  /// The request of --config, of the command line, or of both, and the options of the file.
  func request(_ file: RecipeFile?) throws -> (job: EraseJob, options: Settings) {
    var job = EraseJob()
    var options: Settings = [:]
    if let file { (job, options) = try EraseJob.read(file.url, file.json) }
    if let model { job.folder = ModelFolder(model) }
    if additions.additions != ModelAdditions() {
      job.folder = ModelFolder(job.model, additions.additions)
    }
    // Options belong to their method.
    if let method, method != job.method { (job.method, options) = (method, [:]) }
    if !concept.isEmpty, let note = job.take(concepts: concept) { CommonOptions.note(note) }
    job.replacement = replaceWith ?? job.replacement
    job.replacementCaption = replaceCaption ?? job.replacementCaption
    if !preserve.isEmpty { job.preserve = preserve }
    job.seed = seed ?? job.seed
    job.wording = wording.wording ?? job.wording
    if let prompts {
      let table = try PromptTable(named: prompts)
      table.notes.forEach { CommonOptions.note("\(prompts): \($0)") }
      let rows = table.rows
      try PromptTable.refuseErasers(in: rows, prompts)
      var words = job.wording ?? ConceptWording()
      words.prompts += rows.filter { $0.forgets != false }.map(\.prompt)
      job.preserve += rows.filter { $0.forgets == false }.map(\.prompt)
      job.wording = words
    }
    guard data == nil || (forgetImages == nil && retainImages == nil) else {
      throw LetheError.badValue(
        "--data",
        "it takes the place of --forget-images and --retain-images; give --data alone, or those two"
      )
    }
    job.forgetImages = forgetImages ?? data ?? job.forgetImages
    job.retainImages = retainImages ?? data ?? job.retainImages
    job.command = ["lethe"] + CommandLine.arguments.dropFirst()
    return (job, options)
  }
}

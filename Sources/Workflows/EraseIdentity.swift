// The request and the process that a run's folder belongs to; files of a request count by content.
internal import Diffusion
internal import Editing
internal import Foundation
internal import Torch
internal import Training
internal import Unlearning
internal import Workbench

extension Erase {
  /// Hashes of the files that options name, in the order of the options.
  private static func files(in options: JSON) -> [JSON] {
    if let text = options.string {
      let file = text.filePlace
      let isFile = (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true
      return isFile ? [(try? FileDigest.sha256(file)).map(JSON.string) ?? .null] : []
    }
    return (options.members ?? [:]).sorted { $0.key < $1.key }.flatMap { files(in: $0.value) }
      + (options.array ?? []).flatMap { files(in: $0) }
  }

  /// Makes the folder one of this job, or finds that it is.
  func claim(_ folder: RunFolder, _ erasure: Erasure, base: String) throws -> String {
    var erasure = erasure
    (erasure.forgetImages, erasure.retainImages) = (nil, nil)
    func listing(_ folder: URL?) throws -> JSON {
      try folder.map { try JSON(encoding: FolderListing($0)) } ?? .null
    }
    var request: JSON = [
      "method": .string(job.method), "seed": JSON(job.seed),
      "options": RunIdentity.decisive(job.options),
      "concepts": .array(job.concepts.map(JSON.string)),
      "erasure": try JSON(encoding: erasure), "base": .string(base),
      "forgetImages": try listing(job.pictures.forget),
      "retainImages": try listing(job.pictures.retain),
    ]
    // A training in half precision ends with other weights.
    if let type = ComputeType.usual, job.options["training"] != nil {
      request["computes"] = .string(type.rawValue)
    }
    // A file that an option names counts by its content.
    let files = Self.files(in: job.options)
    if !files.isEmpty { request["files"] = .array(files) }
    let identity = RunIdentity("erase", request)
    return try folder.claim(identity) {
      try refuseAnotherJob(in: folder)
    } agrees: { old in
      var request = old.request
      request["options"] = completed(request["options"]).map(RunIdentity.decisive)
      return RunIdentity(old.command, request)
    }
  }

  /// Version 0.1 kept the job alone.
  private func refuseAnotherJob(in folder: RunFolder) throws {
    guard folder.has("job.json") else {
      guard exports != .diffusers || !folder.has("model") else {
        throw LetheError.badValue(
          "--export",
          "\(folder.file("model").path) is there already and not this run's; choose another --out or remove it"
        )
      }
      return
    }
    var previous = try folder.job()
    previous.command = job.command
    previous.options = RunIdentity.decisive(completed(previous.options) ?? previous.options)
    var job = job
    job.options = RunIdentity.decisive(job.options)
    guard previous == job else {
      throw LetheError.badValue(
        "--out",
        "\(folder.path) has another run (\(previous.method), "
          + "\(previous.concepts.joined(separator: ", "))); choose another folder or remove it")
    }
  }

  /// Options of an older run: those that came later have their defaults in it.
  private func completed(_ options: JSON?) -> JSON? {
    func whole<M: UnlearningMethod>(_ options: JSON, of method: M) throws -> JSON {
      try JSON(encoding: M()).overlaid(
        with: options.renewed(for: M.self), in: "the options of an older run")
    }
    guard let options, var whole = try? whole(options, of: method) else {
      return options
    }
    // Options that never had an effect are not written any more.
    if let wrapping = method as? any WrappingMethod, let inside = whole["options"] {
      whole["options"] = try? wrapping.undecided(inside)
    }
    return whole.without(idle: method)
  }
}

extension JSON {
  /// A method's options without those that have no effect beside the values of others.
  func without(idle method: any UnlearningMethod) -> JSON {
    method.idle.reduce(self) { $0.without($1.option) }
  }
}

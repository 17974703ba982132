internal import Editing
package import Foundation
package import Torch
internal import Training

/// The owner of a run's folder: a request with everything that its result depends on. Threads, device, processes and
/// the command line are no part of it.
package struct RunIdentity: Codable, Sendable, Hashable {
  /// The command, e.g. `erase`.
  package let command: String
  /// The request as it was resolved, and hashes of its inputs.
  package let request: JSON
  /// SHA-256 of the others; files of state carry it.
  package let hash: String

  package init(_ command: String, _ request: JSON) {
    // As a file gives it back: 1.0 is 1 there.
    (self.command, self.request) = (command, (try? JSON(encoding: request)) ?? request)
    hash = "\(command) \(request.compact)".sha256
  }

  /// Options without those of a training that leave its result as it is, at any depth: when it saves its state, whether
  /// the optimizer's moments rest in files, and whether processes share them out.
  package static func decisive(_ options: JSON) -> JSON {
    guard let members = options.members else { return options }
    let training = members["training"]?.members?.filter {
      !["saveEvery", "offload", "shardsOptimizer"].contains($0.key)
    }
    return .object(
      members.merging(training.map { ["training": .object($0)] } ?? [:]) { $1 }
        .mapValues(decisive))
  }
}

/// The files of a folder, as far as a run's identity needs them.
package struct FolderListing: Codable, Sendable, Hashable {
  package let files: Int
  package let bytes: Int
  /// SHA-256 over the names, sizes and contents of the files.
  package let hash: String

  /// Every file of a folder, in folders too, but for those whose name begins with a dot.
  package init(_ folder: URL) {
    let names = Self.names(in: folder)
    var (count, total, text) = (0, 0, "")
    for name in names {
      let place = folder.appendingPathComponent(name).resolvingSymlinksInPath()
      let attributes = try? FileManager.default.attributesOfItem(atPath: place.path)
      guard attributes?[.type] as? FileAttributeType == .typeRegular,
        let size = (attributes?[.size] as? NSNumber)?.intValue
      else { continue }
      (count, total) = (count + 1, total + size)
      text += "\(name)\0\(size)\0\((try? FileDigest.sha256(place)) ?? "")\n"
    }
    (files, bytes, hash) = (count, total, text.sha256)
  }

  /// Files and folders in a folder, at any depth, but for those whose name begins with a dot.
  static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? [])
      .filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") } }.sorted()
  }
}

extension RunFolder {
  private static let identityFile = "identity.json"

  /// The request that the folder belongs to; nil where nobody claimed it, as in version 0.1.
  /// - Throws: ``LetheError`` of the kind `model` for an `identity.json` that cannot be read
  package func identity() throws -> RunIdentity? {
    guard has(Self.identityFile) else { return nil }
    let file = file(Self.identityFile)
    do { return try Checked(contentsOf: file).decoded() } catch let error as LetheError
      where error.kind == .model
    {
      // Every command compares the request with job.json where no identity is there, and writes one anew.
      throw LetheError(
        .model, in: error.place, key: error.key,
        "\(error.fault); remove it, then give the same command again")
    }
  }

  /// Makes the folder one of `identity`, or finds that it is.
  /// - Parameters:
  ///   - former: whether a folder without an identity, as version 0.1 left it, is one of this request; it throws
  ///     where it knows better
  ///   - agrees: whether an older request means the same, which options that came later make another
  /// - Returns: the hash that files of state in the folder carry
  /// - Throws: ``LetheError`` of the kind `request` where the folder belongs to another request
  package func claim(
    _ identity: RunIdentity, former: () throws -> Void = {},
    agrees: (RunIdentity) -> RunIdentity = { $0 }
  ) throws -> String {
    guard has(Self.identityFile) else {
      try former()
      try write(identity, to: Self.identityFile)
      return identity.hash
    }
    guard let old = try self.identity() else { return identity.hash }
    if let difference = identity.difference(from: agrees(old)) {
      throw LetheError.badValue(
        "--out",
        "\(path) holds another run: \(difference); choose another folder or remove it")
    }
    return old.hash
  }
}

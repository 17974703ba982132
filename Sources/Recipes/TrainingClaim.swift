internal import Foundation
internal import Torch
internal import Training
internal import Workbench

extension Run {
  /// Makes the folder one of a recipe and its data, or finds that it is.
  /// - Parameters:
  ///   - result: the folder that the recipe's result is written to
  ///   - start: the model that the training begins with
  /// - Throws: ``LetheError`` of the kind `request` where the folder belongs to another recipe
  func claim(
    for recipe: some Encodable, data: URL, result: String, start: URL? = nil
  ) throws {
    if let start {
      try ModelFolder(start).refuseOverwriting(by: runFolder.file(result), "--out")
    }
    let request: JSON = [
      "recipe": try JSON(encoding: recipe), "data": try JSON(encoding: FolderListing(data)),
      "start": try start.map { try JSON(encoding: FolderListing($0)) } ?? .null,
    ]
    identity = try runFolder.claim(RunIdentity("train", request)) {
      // Version 0.1 kept no recipe: a training of it goes on where the states fit, a result is left alone.
      guard !runFolder.has(result) else {
        throw LetheError.badValue(
          "--out",
          "\(runFolder.file(result).path) is there already, and nothing says of which recipe it is; choose another folder "
            + "or remove it")
      }
    }
  }
}

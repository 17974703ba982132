// outside MODEL CONCEPT FOLDER [METHOD.key=value ...]: compares the method of this package with ESD.
import Foundation
import Lethe
import OutsideMethod

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  guard arguments.count >= 3 else {
    throw LetheError.request("usage: outside MODEL CONCEPT FOLDER [METHOD.key=value ...]")
  }
  let results = try compare(
    on: ModelFolder(arguments[0]), concepts: [arguments[1]],
    settings: Array(arguments.dropFirst(3)), in: Run(arguments[2]))
  print(ResultsPage.metrics(results, "Measured", try Catalogs.extended().metrics).plain)
} catch {
  FileHandle.standardError.write(Data("outside: \(error)\n".utf8))
  exit((error as? LetheError)?.kind.rawValue ?? 1)
}

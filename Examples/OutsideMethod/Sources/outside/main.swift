// outside MODEL CONCEPT FOLDER: compares the method of this package with ESD.
import Lethe
import OutsideMethod

let arguments = CommandLine.arguments.dropFirst()
guard let model = arguments.first, let folder = arguments.last, arguments.count == 3 else {
  print("usage: outside MODEL CONCEPT FOLDER")
  throw LetheError.request("three arguments are needed")
}
let run = try Run(folder)
let results = try compare(
  on: ModelFolder(model), concepts: Array(arguments.dropFirst().prefix(1)), in: run)
print(ResultsPage.metrics(results, "Measured", try Catalogs.extended().metrics).plain)

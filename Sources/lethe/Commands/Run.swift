import ArgumentParser

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Carry out a request from a file in JSON or YAML, such as the job.json of a run.",
    help: """
      Examples:
        lethe run runs/esd-fox/job.json --out runs/again
        lethe run request.yaml --set training.steps=300 --out runs/short

      A request has the keys model, method and concepts, and perhaps options, preserve, seed and the others of a \
      job.json. Options that it does not name come from methods.json in the model's folder, then from the method's \
      defaults. `lethe erase ... --dry-run` prints one. A job.json has all options, so the same file gives the same \
      eraser.
      """)

  @Argument(
    help: "File of the request in JSON, or in YAML (.yaml, .yml).",
    completion: .file(extensions: ["json", "yaml", "yml"]))
  var request: String
  @Option(
    name: .customLong("set"),
    help: "Option of the method, over those of the file, e.g. training.steps=300. May be repeated.")
  var settings: [String] = []
  @Option(help: "Folder of the run. The same command goes on with an interrupted run in it.")
  var out: String
  @Flag(help: "Preview: check the request, print the resolved job as JSON, and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    // The parser takes no empty text and no text with a dash at its beginning.
    var erase = try EraseCommand.parse(["--config", "request", "--out", "out"])
    (erase.config, erase.out) = (request, out)
    (erase.settings, erase.dryRun, erase.common) = (settings, dryRun, common)
    try erase.run()
  }
}

// The options that a method runs with, and where each of them comes from.
internal import Editing
package import Evaluation
internal import Torch
internal import Unlearning
internal import Workbench

extension Erase {
  /// The method's options with their sources.
  package func optionSources() throws -> [OptionSource] {
    func defaults<M: UnlearningMethod>(_ method: M) throws -> JSON { try JSON(encoding: M()) }
    return try job.options.sources(
      defaults: defaults(method), MethodLayers(method, variant, given, of: job.folder).all)
  }

  /// The options that are not the method's defaults, with their sources, in one line.
  package func optionsLine() throws -> String {
    let set = try optionSources().filter { $0.source != "default" }
    return
      "\(job.method): "
      + (set.isEmpty
        ? "all options are the method's defaults"
        : set.map { "\($0.key) \($0.value.compact) (\($0.source))" }.joined(separator: ", "))
  }
}

import Foundation
import WorkbenchSupport

@testable import Benchmarks
@testable import Workbench
@testable import Workflows

extension Tiny {
  static func benchmark(_ model: ModelFolder, _ settings: [String] = []) throws -> BenchmarkOptions
  {
    var options = BenchmarkOptions(model)
    (options.evaluation, options.settings) = (evaluation, try NamedSettings(settings))
    return options
  }

  /// A runner that starts no processes.
  static func runner(only: String? = nil) -> Runner {
    Runner(program: URL(fileURLWithPath: "/bin/false"), arguments: [], only: only)
  }
}

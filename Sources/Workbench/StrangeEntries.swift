// Entries of the files beside a model that nothing reads, as a misspelled method.
package import Attacks
internal import Foundation
internal import Torch
package import Unlearning

extension ModelFolder {
  /// A sentence on entries of `methods.json` that are no method's, no pair's such as `meta-esd` and no benchmark's; nil
  /// where there are none.
  package func strangeMethods(in catalog: MethodCatalog) throws -> String? {
    let pairs = catalog.all.filter { $0 is any WrappingMethod.Type }.flatMap { outer in
      catalog.names.map { "\(outer.name)-\($0)" }
    }
    return try strange(
      .methods, known: [Self.developmentKey] + catalog.names + catalog.variantNames, pairs)
  }

  /// A sentence on entries of `attacks.json` that are no attack's; nil where there are none.
  package func strangeAttacks(in catalog: AttackCatalog) throws -> String? {
    try strange(.attacks, known: [Self.developmentKey] + catalog.names, [])
  }

  private func strange(
    _ name: OptionsFile, known: [String], _ pairs: [String]
  ) throws -> String? {
    let file = file(name.rawValue)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let strange = (try JSON(contentsOf: file).members ?? [:]).keys.sorted()
      .filter { !(known + pairs).contains($0) }
    guard !strange.isEmpty else { return nil }
    return "\(file.path): nothing reads "
      + strange.map { entry in
        "'\(entry)'" + ((known + pairs).nearest(to: entry).map { ", did you mean '\($0)'?" } ?? "")
      }.joined(separator: "; ")
  }
}

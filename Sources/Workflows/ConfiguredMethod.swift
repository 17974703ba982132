// A method with its options, in three layers.
internal import Editing
internal import Torch
internal import Unlearning
internal import Workbench

extension MethodCatalog {
  /// The method with the paper's defaults, over them the entries of `methods.json` for it, and over those `settings`.
  /// - Parameter variant: another name whose entry of `methods.json` overrides that of the method
  /// - Throws: ``LetheError`` of the kind `request` for an unknown method or option, and for a setting without effect
  func configured(
    _ name: String, _ settings: [Settings], of model: ModelFolder, variant: String? = nil
  ) throws -> any UnlearningMethod {
    let method = try configured(named(name), settings, of: model, variant)
    try Self.refuseIdle(method, settings)
    return method
  }

  private func configured<M: UnlearningMethod>(
    _ type: M.Type, _ settings: [Settings], of model: ModelFolder, _ variant: String?
  ) throws -> any UnlearningMethod {
    let variants = [variant].compactMap(\.self).filter { $0 != M.name }
    let method = try model.options(
      .methods, for: [M.name] + variants, over: M(), set: settings)
    guard let outer = method as? any WrappingMethod else { return method }
    return try wrapped(outer, variants, settings, of: model)
  }

  /// For a method that wraps another, `methods.json` may have an entry for the pair, such as `meta-esd`, which
  /// overrides `meta`. The inner method uses its own entry, `esd`.
  private func wrapped<M: WrappingMethod>(
    _ method: M, _ variants: [String], _ settings: [Settings], of model: ModelFolder
  ) throws -> any UnlearningMethod {
    var base = method.base
    base.catalog = self
    var outer = try model.options(
      .methods, for: [M.name, "\(M.name)-\(method.base)"] + variants, over: M(around: base),
      set: settings)
    outer.base.catalog = self
    guard outer.options.members != nil else { return outer }
    func filled<Base: UnlearningMethod>(_ type: Base.Type) throws -> JSON {
      let own = try model.options(.methods, for: [Base.name], over: Base(), set: [])
      return try JSON(encoding: outer.options.laid(over: own, in: "options of \(Base.name)"))
    }
    let all = try filled(named(outer.base.name))
    // Refuses options that have no effect. The entries of methods.json may hold them.
    _ = try outer.inner()
    outer.options = try outer.undecided(all)
    return outer
  }

  /// Refuses settings of options that have no effect beside the values of others. `methods.json` may hold them.
  private static func refuseIdle(_ method: any UnlearningMethod, _ settings: [Settings]) throws {
    for (option, other) in method.idle {
      let isSet = settings.contains {
        $0.json.renewed(for: type(of: method)).value(at: option) != nil
      }
      guard isSet else { continue }
      throw LetheError.badValue("--set", "'\(option)' has no effect beside \(other); leave it out")
    }
  }
}

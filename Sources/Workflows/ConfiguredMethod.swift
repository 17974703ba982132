// A method with its options, in three layers, each of which may use former names.
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
      .methods, for: [M.name] + variants, over: M(), set: settings,
      without: M.self is any WrappingMethod.Type ? MethodLayers.inside : nil)
    guard let outer = method as? any WrappingMethod else { return method }
    return try wrapped(outer, variant, settings, of: model)
  }

  /// For a method that wraps another, `methods.json` may have an entry for the pair, such as `meta-esd`, which
  /// overrides `meta`. The inner method uses its own entry, `esd`.
  private func wrapped<M: WrappingMethod>(
    _ method: M, _ variant: String?, _ settings: [Settings], of model: ModelFolder
  ) throws -> any UnlearningMethod {
    var base = method.base
    base.catalog = self
    let names = MethodLayers.names(M.name, around: base, variant)
    var outer = try model.options(
      .methods, for: names, over: M(around: base), set: settings, without: MethodLayers.inside)
    outer.base.catalog = self
    // Options of the method inside may come from several layers, by today's names or by former ones.
    let inner = try named(base.name)
    let inside = (try model.entries(of: .methods, names).map(\.layer) + settings).compactMap {
      layer in
      layer.json.value(at: MethodLayers.inside).map {
        Settings($0.renewed(for: inner), from: layer.source)
      }
    }
    if !inside.isEmpty { outer.options = Settings.merged(inside).json }
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

/// The layers of a method's options with today's names, weakest first.
struct MethodLayers {
  let all: [Settings]
  /// The option that has the options of the method inside.
  static let inside = OptionPath("options")

  /// - Parameters:
  ///   - variant: another name whose entry of `methods.json` counts
  ///   - settings: those over the file's, weakest first
  init(
    _ method: any UnlearningMethod, _ variant: String?, _ settings: [Settings],
    of model: ModelFolder
  ) throws {
    let (type, base) = (type(of: method), (method as? any WrappingMethod)?.base)
    let inner = try base.map { try $0.catalog.named($0.name) }
    // The method inside has its own entry, under what the others say of its options.
    let own = try inner.map { inner in
      try model.entries(of: .methods, [inner.name]).map {
        Settings([Self.inside.description: $0.layer.json], from: $0.layer.source)
      }
    }
    let names = Self.names(type.name, around: base, variant)
    let layers =
      (own ?? []) + (try model.entries(of: .methods, names).map(\.layer)) + settings
    all = layers.map { layer in
      var json = layer.json.renewed(for: type)
      if let inner, let options = json.value(at: Self.inside) {
        json[Self.inside.description] = options.renewed(for: inner)
      }
      return Settings(json, from: layer.source)
    }
  }

  /// The entries of `methods.json` for a method, weakest first: its own, that of the pair, and that of a variant.
  static func names(_ name: String, around base: InnerMethod?, _ variant: String?) -> [String] {
    [name] + (base.map { ["\(name)-\($0)"] } ?? [])
      + [variant].compactMap(\.self).filter { $0 != name }
  }
}

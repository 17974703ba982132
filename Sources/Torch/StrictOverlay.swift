// Strict configuration: values are laid over the encoded defaults, and a key that is not there is refused
// with the nearest one that is. A plain decoder ignores unknown keys and fills in missing ones in silence.
internal import Foundation

/// Options of which some values set others: a preset by name, or a form that has a rate of its own.
public protocol PresetOptions {
  /// A layer of options that sets `key` to `value` sets `options` too, where it says nothing else of them. Later
  /// entries go over earlier ones.
  static var presets: [(key: String, value: String, options: JSON)] { get }
}

/// Options of which some had other names, which are read for one release more.
public protocol RenamedOptions {
  /// A layer of options with today's names in the place of former ones.
  static func renewed(_ layer: JSON) -> JSON
}

/// Options that name the numbers they accept. Others accept what Lethe's own options of the same last key do, or else
/// every number of their type.
public protocol BoundedOptions {
  /// The accepted values by the whole path of an option, such as `training.steps`.
  static var bounds: [String: Bound] { get }
}

extension JSON {
  /// This value with the members of `new` laid over it, object by object.
  ///
  /// An empty object stands for the configuration of something else, which checks it where it is used.
  /// - Parameter context: the file or option that `new` comes from, for messages
  /// - Throws: ``LetheError`` of the kind `request` for a key that this value does not have
  package func overlaid(with new: JSON, in context: String) throws -> JSON {
    try overlaid(with: new, [], context, within: self)
  }

  /// - Parameter whole: the value that this one is a part of
  private func overlaid(
    with new: JSON, _ path: [String], _ context: String, within whole: JSON
  ) throws -> JSON {
    guard case .object(var members) = self, case .object(let additions) = new, !members.isEmpty
    else { return new }
    for (given, value) in additions {
      let today = Self.formerKeys[given].flatMap { additions[$0] == nil ? $0 : nil }
      let key = members[given] == nil ? today ?? given : given
      guard let known = members[key] else {
        let name = (path + [given]).joined(separator: ".")
        throw LetheError.unknown(
          "key", name, known: members.keys.sorted(), in: context, key: name,
          meant: whole.path(nearestTo: given, under: path))
      }
      members[key] = try known.overlaid(with: value, path + [key], context, within: whole)
    }
    return .object(members)
  }

  /// The whole path of the key that is meant: one beside it, else one anywhere whose last key has the name; nil for none.
  private func path(nearestTo given: String, under path: [String]) -> String? {
    let all = paths([])
    let beside = all.filter { $0.count == path.count + 1 && Array($0.dropLast()) == path }
    func nearest(_ some: [[String]]) -> [String]? {
      some.compactMap(\.last).nearest(to: given).flatMap { name in some.first { $0.last == name } }
    }
    return (nearest(beside) ?? nearest(all))?.joined(separator: ".")
  }

  /// The paths of all members, the nearer ones first.
  private func paths(_ path: [String]) -> [[String]] {
    let own = (members ?? [:]).sorted { $0.key < $1.key }
    return own.map { path + [$0.key] } + own.flatMap { $0.value.paths(path + [$0.key]) }
  }

  /// The same value with a half in the place of the number, or of the numbers of a list, at a path.
  private func halved(_ path: ArraySlice<String>) -> JSON {
    guard let key = path.first else { return array == nil ? .number(0.5) : .array([.number(0.5)]) }
    var copy = self
    copy[key] = self[key]?.halved(path.dropFirst())
    return copy
  }

  /// Keys of version 0.1 and the names that they have now.
  private static let formerKeys = [
    "walks": "trajectories", "walkSteps": "trajectorySteps",
    "preserveWalks": "preserveTrajectories", "retainWalks": "retainTrajectories",
  ]

  /// This layer of options with the names that a type of options has today.
  package func renewed(for type: Any.Type) -> JSON {
    ((type as? any RenamedOptions.Type)?.renewed(self) ?? self).withTodaysKeys
  }

  /// The same objects with today's names for ``formerKeys``.
  private var withTodaysKeys: JSON {
    guard members != nil else { return self }
    let renamed = Self.formerKeys.reduce(self) { $0.renaming($1.key, to: $1.value) }
    return .object((renamed.members ?? [:]).mapValues(\.withTodaysKeys))
  }

  /// An object whose member of a former name has the new one, unless it has that already.
  public func renaming(_ former: String, to name: String) -> JSON {
    guard var members, let value = members[former], members[name] == nil else { return self }
    (members[former], members[name]) = (nil, value)
    return .object(members)
  }

  /// `defaults` with the members of this value laid over them.
  /// - Parameter context: the file or option that this value comes from, for messages
  /// - Throws: ``LetheError`` of the kind `request` for an unknown key or a value of another type
  package func laid<T: Codable>(over defaults: T, in context: String) throws -> T {
    let usual = try JSON(encoding: defaults)
    let layer = renewed(for: T.self)
    var merged = usual
    for preset in (T.self as? any PresetOptions.Type)?.presets ?? []
    where layer[preset.key]?.string == preset.value {
      merged = try merged.overlaid(with: preset.options, in: context)
    }
    merged = try merged.overlaid(with: layer, in: context)
    // Values of earlier layers are as checked as the defaults.
    if merged != usual {
      // An option of whole numbers cannot be decoded from a half.
      let bounds = (T.self as? any BoundedOptions.Type)?.bounds ?? [:]
      try OptionBounds.check(merged, usual, in: context, bounds: bounds) { path in
        (try? Checked(merged.halved(path[...]), context, .request).decoded() as T) == nil
      }
    }
    return try Checked(merged, context, .request).decoded()
  }
}

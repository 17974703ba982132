// Erasers of one model that a user handles one by one: a folder with the hash of the base, the prompts
// that no eraser may touch, the managed concepts in order, and one safetensors file for each.
package import Diffusion
package import Foundation
internal import Torch
internal import TorchNN
internal import Training

package struct EraserSet {
  static let format = "lethe-erasers-1"
  package let folder: URL
  package private(set) var card: Card
  private let lock: FolderLock?

  // MARK: - Files

  /// - Throws: ``LetheError`` when the folder has a set already
  package static func create(
    _ folder: URL, model: String, _ additions: ModelAdditions = ModelAdditions(), base: String,
    protecting protected: [String], regular: [String] = [], seed: UInt64
  ) throws -> EraserSet {
    guard !FileManager.default.fileExists(atPath: cardFile(folder).path) else {
      throw LetheError.request(
        "\(folder.path) has a set of erasers already; accepted: a new folder, and `lethe eraser add` for more concepts"
      )
    }
    let set = EraserSet(
      folder: folder,
      card: Card(
        model: model, base: base,
        additions: additions == ModelAdditions() ? nil : additions, protected: protected,
        regular: regular, seed: seed))
    try Run.makeFolder(folder)
    try set.save()
    return set
  }

  private init(folder: URL, card: Card) { (self.folder, self.card, lock) = (folder, card, nil) }

  /// - Parameter keepingOthersOut: whether other processes may not work in the folder while the set is there
  package init(_ folder: URL, keepingOthersOut: Bool = false) throws {
    let file = Self.cardFile(folder)
    try NamedPlace.requireFolder(folder.relativePath, "the folder of a set of erasers")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw LetheError.request(
        "\(folder.relativePath) has no erasers.json; `lethe eraser init` makes a set of erasers")
    }
    lock = keepingOthersOut ? try FolderLock(folder) : nil
    if keepingOthersOut { AtomicFile.sweep(folder) }
    card = try Checked(contentsOf: file).decoded()
    guard card.format == Self.format else {
      throw LetheError.malformed(file, "its format is '\(card.format)'; known: \(Self.format)")
    }
    for (i, entry) in card.entries.enumerated()
    where card.entries[..<i].contains(where: { $0.name.slug == entry.name.slug }) {
      throw LetheError.malformed(
        file, "the concept '\(entry.name)' stands there twice; accepted: every concept once")
    }
    self.folder = folder
  }

  private static func cardFile(_ folder: URL) -> URL {
    folder.appendingPathComponent("erasers.json")
  }
  package func save() throws {
    try AtomicFile.write(
      Data(try JSON(encoding: card).pretty.utf8), to: Self.cardFile(folder))
  }

  /// The file of an eraser. Its name is made here and never read from the card.
  package func file(_ name: String) -> URL {
    folder.appendingPathComponent("\(name.slug).safetensors")
  }

  // MARK: - Concepts

  package subscript(_ name: String) -> Entry? { card.entries.first { $0.name == name } }

  /// - Throws: ``LetheError`` with the nearest name that there is
  package func entry(_ name: String) throws -> Entry {
    // Capital letters make no other name.
    let found = self[name] ?? card.entries.first { $0.name.lowercased() == name.lowercased() }
    guard let found else {
      let known = card.entries.map(\.name)
      throw LetheError.unknown("eraser", name, known: known)
    }
    return found
  }

  package mutating func add(_ entry: Entry) throws {
    guard self[entry.name] == nil,
      !card.entries.contains(where: { file($0.name) == file(entry.name) })
    else { throw LetheError.request("the set has a concept '\(entry.name)' already") }
    card.entries.append(entry)
    try save()
  }

  package mutating func update(_ entries: Entry...) throws { try update(entries) }

  /// Takes all of these entries with one write, or none.
  package mutating func update(_ entries: [Entry]) throws {
    for entry in entries {
      guard let i = card.entries.firstIndex(where: { $0.name == entry.name }) else { continue }
      card.entries[i] = entry
    }
    try save()
  }

  /// Switches erasers on or off; a concept whose eraser is off is back as it was.
  package mutating func switching(_ names: [String], on: Bool) throws {
    for name in names {
      var entry = try entry(name)
      guard entry.isTrained else {
        throw LetheError.request(
          on
            ? "'\(name)' has no eraser yet; `lethe eraser train` makes it"
            : "'\(name)' has no eraser yet and is not erased; `lethe eraser train` makes the eraser"
        )
      }
      entry.isActive = on
      try update(entry)
    }
  }

  package mutating func remove(_ name: String) throws {
    let name = try entry(name).name
    card.entries.removeAll { $0.name == name }
    try save()
    try? FileManager.default.removeItem(at: file(name))
  }

  /// The prompts that the eraser of `name` may not touch: the protected ones and those of every
  /// other managed concept, erased at present or not.
  package func kept(for name: String) -> [String] {
    card.protected + others(than: name)
  }

  /// The prompts of all other managed concepts.
  package func others(than name: String) -> [String] {
    card.entries.filter { $0.name != name }.flatMap(\.prompts)
  }

  /// The prompts that the eraser of `name` should touch little: the regular ones and the
  /// paraphrases of every other managed concept, but none that names the concept itself.
  package func regular(for name: String) -> [String] {
    let others = card.entries.filter { $0.name != name }.flatMap(\.paraphrases)
    let own = Set(self[name].map { $0.prompts + $0.paraphrases } ?? [])
    return (card.regular + others).filter {
      !own.contains($0) && !$0.mentions(name, apartFrom: card.entries.map(\.name))
    }
  }

  // MARK: - Use

  package func eraser(_ name: String) throws -> Eraser {
    let entry = try entry(name)
    guard entry.isTrained else {
      throw LetheError.request("'\(name)' has no eraser yet; `lethe eraser train` makes it")
    }
    let eraser = try Eraser(contentsOf: file(entry.name))
    try eraser.check(base: card.base)
    return eraser
  }

  /// The names of the erasers to add: those asked for, or all that are switched on.
  /// - Throws: ``LetheError`` of the kind `request` for unknown names, and for a name that is given twice
  package func active(_ asked: [String]? = nil) throws -> [String] {
    guard let asked else { return card.entries.filter(\.isActive).map(\.name) }
    let names = try asked.map { try entry($0).name }
    for (i, name) in names.enumerated() where names[..<i].contains(name) {
      throw LetheError.request(
        "the eraser '\(name)' is asked for twice, which would erase twice as much; name it once")
    }
    return names
  }

  /// A sentence on pictures with a set of which no eraser is added.
  package var nothingIsOn: String {
    "\(reasonNothingIsOn); the pictures are those of the model itself"
  }

  /// The reason for each concept of a set of which no eraser is added.
  package var reasonNothingIsOn: String {
    let states = card.entries.map {
      "'\($0.name)' \($0.isTrained ? "is restored" : "is not trained")"
    }
    return
      "no eraser of \(folder.path) is on"
      + (states.isEmpty ? ", it has none" : ": \(states.joined(separator: ", "))")
  }

  /// Base + sum of the erasers asked for, always built anew.
  package func vector(_ names: [String]) throws -> ParameterVector {
    try .sum(names.map { try eraser($0).vector })
  }

  package func checkBase(_ model: DiffusionModel) throws {
    let own = model.hash()
    guard own == card.base else {
      throw LetheError.request(
        "the erasers in \(folder.path) were made for model \(card.base.prefix(12)), this is \(own.prefix(12))"
      )
    }
  }
}

// `lethe eraser train`: separable erasers for the managed concepts of a set.
internal import Diffusion
package import Editing
internal import Foundation
package import Torch
package import Training
package import Unlearning
package import Workbench

/// The command `lethe eraser train`.
package struct TrainErasers {
  package var method: any SeparableMethod

  /// - Parameters:
  ///   - settings: options of the method
  ///   - catalog: its first separable method trains the erasers
  /// - Throws: ``LetheError`` of the kind `request` for unknown options, and for those with which no eraser stands
  ///   alone
  package init(_ settings: Settings, of catalog: MethodCatalog = .builtIn) throws {
    method = try catalog.separable(settings.json, in: settings.source)
  }

  /// The same with the method's entry of the model's `methods.json` under the settings.
  package init(
    _ settings: Settings, of catalog: MethodCatalog = .builtIn, for model: ModelFolder
  ) throws {
    func configured<M: SeparableMethod>(_ method: M) throws -> any SeparableMethod {
      try model.options(.methods, for: [M.name], over: M(), set: [settings])
    }
    method = try configured(catalog.separable([:], in: settings.source))
    try method.checkSwitching()
  }

  /// Trains the named concepts, or those without an eraser, and switches their erasers on.
  /// - Returns: the entries that were trained
  /// - Throws: ``LetheError`` for an unknown concept, or for prompts that leave no free direction
  @discardableResult
  package func callAsFunction(
    _ set: inout EraserSet, _ names: [String] = [], in run: Run, on device: Device
  ) throws -> [EraserSet.Entry] {
    let asked = try names.map { try set.entry($0) }
    let pending = asked.isEmpty ? set.card.entries.filter { !$0.isTrained } : asked
    guard !pending.isEmpty else { return [] }
    let model = try set.modelFolder.model(on: device)
    try set.checkBase(model)
    var done: [EraserSet.Entry] = []
    (run.keepsStates, run.computeType) = (true, ComputeType.usual)
    let size = method.groupSize(model, pending.count)
    for first in stride(from: 0, to: pending.count, by: size) {
      let group = Array(pending[first..<min(first + size, pending.count)])
      let start = Date()
      let requests = group.map {
        method.request(
          $0.concept, keeping: set.others(than: $0.name), preserving: set.card.protected,
          regular: set.regular(for: $0.name))
      }
      try begin(requests, of: set, in: run)
      let erasers = try method.erasers(for: requests, of: model, run)
      let seconds = Date().timeIntervalSince(start) / Double(group.count)
      var trained: [EraserSet.Entry] = []
      for (entry, (request, eraser)) in zip(group, zip(requests, erasers)) {
        var card = Eraser.Card()
        (card.method, card.concepts) = (type(of: method).name, [entry.name])
        (card.options, card.seed) = (try JSON(encoding: method), run.seed)
        (card.base, card.version) = (set.card.base, Version.current)
        try Eraser(card, eraser).write(to: set.file(entry.name))
        var entry = entry
        (entry.keeps, entry.nullity) = (request.kept, eraser.basis.size(0))
        (entry.seconds, entry.isActive) = (seconds, true)
        trained.append(entry)
      }
      // A group that was interrupted before here is the same group when the command goes on.
      try set.update(trained)
      done += trained
      run.clearStates()
    }
    return done
  }

  /// Trainings of a set follow one another in one folder. Remains of an interrupted one go when another begins.
  private func begin(_ requests: [SeparableRequest], of set: EraserSet, in run: Run) throws {
    var request: [String: JSON] = [
      "options": try JSON(encoding: method), "seed": JSON(run.seed),
      "base": .string(set.card.base),
      "requests": .array(
        try requests.map {
          [
            "concept": try JSON(encoding: $0.concept), "kept": try JSON(encoding: $0.kept),
            "regular": try JSON(encoding: $0.regular),
          ]
        }),
    ]
    request["computes"] = run.computeType.map { .string($0.rawValue) }
    let identity = RunIdentity("eraser train", .object(request))
    let name = "training.json"
    let isSame =
      run.runFolder.has(name)
      && (try? JSON(contentsOf: run.file(name)).decoded(as: RunIdentity.self)) == identity
    if !isSame {
      run.clearStates()
      try run.runFolder.write(identity, to: name)
    }
    run.identity = identity.hash
  }
}

extension EraserSet {
  /// The model that the set belongs to, with its additions.
  package var modelFolder: ModelFolder {
    ModelFolder(card.model, card.additions ?? ModelAdditions())
  }
}

extension EraserSet.Entry {
  /// A concept with the captions that the model lists for it. Captions that pictures are judged with become its
  /// prompts, which other erasers keep exactly. The other captions become its paraphrases.
  /// - Parameters:
  ///   - wording: the words of the user, for a concept that the model does not list, or in place of the model's
  ///   - partners: objects for the prompts of a style, or styles for those of an object; empty takes all
  /// - Throws: ``LetheError`` of the kind `request` for a partner that the model does not list
  package static func managed(
    _ name: String, in themes: Themes?, _ wording: ConceptWording = ConceptWording(),
    paraphrases: [String] = [], partners: [String] = []
  ) throws -> EraserSet.Entry {
    guard let themes, let (kind, subject) = themes.find(name), wording.prompts.isEmpty,
      wording.anchor == nil
    else {
      let concept = try Concept.resolve(name, in: themes, replacement: nil, wording)
      let words = concept.phrases.first?.words ?? name
      return EraserSet.Entry(
        name, prompts: concept.prompts, paraphrases: paraphrases,
        anchors: concept.phrases.map(\.anchor)
          + paraphrases.map { $0.mentions(words) ? $0.without(words) : "" })
    }
    let pool = kind == .object ? themes.styles : themes.objects
    if let stray = partners.first(where: { !pool.contains($0) }) {
      throw LetheError.badValue(
        "--partner",
        "'\(stray)' is no \(kind == .object ? "style" : "object") of the model; accepted: \(pool.joined(separator: ", "))"
      )
    }
    let others = partners.isEmpty ? pool : partners
    func captions(_ templates: ArraySlice<String>) -> [String] {
      templates.flatMap { template in
        others.map { other in
          themes.captions.fill(
            template, object: kind == .object ? subject : other,
            style: kind == .object ? other : subject)
        }
      }
    }
    let without = others.map { other in
      kind == .object
        ? themes.captions.fill(themes.captions.style[0], object: nil, style: other)
        : themes.captions.fill(themes.captions.object[0], object: other, style: nil)
    }
    return EraserSet.Entry(
      name, prompts: captions(themes.captions.both.prefix(1)),
      paraphrases: captions(themes.captions.both.dropFirst()) + paraphrases,
      anchors: themes.captions.both.flatMap { _ in without })
  }
}

// `lethe eraser train`: separable erasers for the managed concepts of a set.
package import Diffusion
package import Editing
internal import Foundation
package import Torch
package import Training
package import Unlearning

package struct TrainErasers {
  package var method: SepME

  /// - Parameter settings: options of SepME, as `--set` gives them
  package init(settings: [String]) throws {
    method = try Settings(settings).laid(over: SepME())
    guard method.form == .separate else {
      throw LetheError.badValue(
        "--set form", "erasers of a set are trained separately; `lethe erase` has the other forms")
    }
  }

  /// Trains the concepts named, or those that have no eraser yet, and switches them on.
  @discardableResult
  package func callAsFunction(
    _ set: inout EraserSet, _ names: [String] = [], in run: Run, on device: Device
  ) throws -> [EraserSet.Entry] {
    let asked = try names.map { try set.entry($0) }
    let pending = asked.isEmpty ? set.card.entries.filter { !$0.isTrained } : asked
    guard !pending.isEmpty else { return [] }
    let model = try ModelFolder(set.card.model).model(on: device)
    try set.checkBase(model)
    var done: [EraserSet.Entry] = []
    let size = method.groupSize(model, pending.count)
    for first in stride(from: 0, to: pending.count, by: size) {
      let group = Array(pending[first..<min(first + size, pending.count)])
      let start = Date()
      let requests = group.map {
        SepME.Request(
          $0.concept, keeping: set.kept(for: $0.name), regular: set.regular(for: $0.name))
      }
      try begin(requests, of: set, in: run)
      let erasers = try method.erasers(for: requests, of: model, run)
      let seconds = Date().timeIntervalSince(start) / Double(group.count)
      for (entry, (request, eraser)) in zip(group, zip(requests, erasers)) {
        var card = Eraser.Card()
        (card.method, card.concepts) = (SepME.name, [entry.name])
        (card.options, card.seed) = (try JSON(encoding: method), run.seed)
        (card.base, card.version) = (set.card.base, Version.current)
        try Eraser(card, eraser).write(to: set.file(entry.name))
        var trained = entry
        (trained.keeps, trained.nullity) = (request.kept, eraser.basis.size(0))
        (trained.seconds, trained.isActive) = (seconds, true)
        try set.update(trained)
        done.append(trained)
      }
    }
    return done
  }

  /// Trainings of a set follow one another in one folder. What an interrupted one left goes when another begins.
  private func begin(_ requests: [SepME.Request], of set: EraserSet, in run: Run) throws {
    let identity = RunIdentity(
      "eraser train",
      [
        "options": try JSON(encoding: method), "seed": JSON(run.seed),
        "base": .string(set.card.base),
        "requests": .array(
          try requests.map {
            [
              "concept": try JSON(encoding: $0.concept), "kept": try JSON(encoding: $0.kept),
              "regular": try JSON(encoding: $0.regular),
            ]
          }),
      ])
    let name = "training.json"
    let isSame =
      run.runFolder.has(name)
      && (try? JSON(contentsOf: run.file(name)).decoded(as: RunIdentity.self)) == identity
    if !isSame {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: run.folder.path)) ?? []
      for state in names where state.hasSuffix(".state.safetensors") {
        try? FileManager.default.removeItem(at: run.file(state))
      }
      try run.runFolder.write(identity, to: name)
    }
    run.identity = identity.hash
  }
}

extension EraserSet.Entry {
  /// A concept with the prompts that a model's own captions give it: those that pictures are judged
  /// with are kept exact, the other captions are erased too.
  /// - Parameter partners: objects to ask a style with, or styles to ask an object with; empty takes all
  package static func managed(
    _ name: String, in themes: Themes?, prompts: [String], paraphrases: [String],
    partners: [String] = []
  ) throws -> EraserSet.Entry {
    guard prompts.isEmpty else {
      return EraserSet.Entry(name, prompts: prompts, paraphrases: paraphrases)
    }
    guard let themes, let (kind, subject) = themes.find(name) else {
      return EraserSet.Entry(name, prompts: [name], paraphrases: paraphrases)
    }
    let pool = kind == .object ? themes.styles : themes.objects
    if let stray = partners.first(where: { !pool.contains($0) }) {
      throw LetheError.badValue(
        "--partner", "'\(stray)' is no \(kind == .object ? "style" : "object") of the model")
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

/// How much of the text space the erasers of a set may use.
package struct RankBudget {
  package struct Row {
    package var name: String
    package var prompts: Int
    package var rank: Int
    package var width: Int
    package var isUpToDate: Bool
    package var nullity: Int { width - rank }
  }
  package let rows: [Row]

  package init(_ set: EraserSet, _ model: DiffusionModel, tolerance: Double) {
    rows = set.card.entries.map { entry in
      let kept = set.kept(for: entry.name)
      let space = NullSpace(of: [""] + kept, in: model, tolerance: tolerance)
      return Row(
        name: entry.name, prompts: kept.count + 1, rank: space.rank, width: space.width,
        isUpToDate: !entry.isTrained || Set(kept).isSubset(of: entry.keeps))
    }
  }
}

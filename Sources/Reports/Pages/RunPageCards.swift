internal import Evaluation
internal import Foundation
internal import Torch

extension RunPage {
  /// Every picture of the forgotten subjects, failures first, and the other subjects that were damaged.
  func cards() throws -> [ReportContent.Cards] {
    // A judge that tells comes before one that cannot.
    let judge = judged.first { !isDoubtful($0.judge) }?.judge ?? judged.first?.judge
    let own = judged.filter { $0.judge == judge && $0.model != "original" }
    // Pictures that show another erased concept stand with the failures.
    func rank(_ picture: JudgedPicture) -> Int {
      let order: [JudgedPicture.Outcome] = [.cameBack, .broken, .stayedAway]
      let place = order.firstIndex(of: picture.outcome) ?? order.count
      return 2 * place - (picture.outcome != .cameBack && !othersErased(picture).isEmpty ? 1 : 0)
    }
    func isGone(_ picture: JudgedPicture) -> Bool {
      // Where forgotten subjects are of two kinds, a picture may ask for one of either.
      let kinds = picture.kind == nil ? [kind] : Array(picture.asked.keys)
      return kinds.contains { gone.contains(picture.asked[$0] ?? "") }
    }
    let forgotten = own.filter(isGone)
      .enumerated().sorted { a, b in
        let (i, j) = (rank(a.element), rank(b.element))
        return i != j
          ? i < j
          : (b.element.askedProbability ?? 0, a.offset) < (
            a.element.askedProbability ?? 0, b.offset
          )
      }.map(\.element)
    let failures = forgotten.count { $0.outcome == .cameBack }
    let rest = own.filter { !isGone($0) }
    // Files of before 0.2.0 was released call those damaged, too, that the original did not draw right either.
    let before = Dictionary(
      judged.filter { $0.judge == judge && $0.model == JudgedPicture.original }
        .map { ("\($0.prompt) \($0.seed)", $0.seen) }, uniquingKeysWith: { first, _ in first })
    let damaged = rest.filter { picture in
      let part = picture.kind ?? kind
      return picture.outcome == .damaged
        && before["\(picture.prompt) \(picture.seed)"].map { $0[part] == picture.asked[part] }
          ?? true
    }
    if let judge, isDoubtful(judge) {
      let title = "Forgotten subjects: \(judge) cannot tell whether they are there"
      let cards = try group(
        title,
        "All pictures that were asked for with the concept. Left: the original model; right: the erased one, same prompt and "
          + "seed. Below: the answer of a judge that cannot tell the concept on the original's own pictures.",
        forgotten, isDoubtful: true)
      return cards.cards.isEmpty ? [] : [cards]
    }
    let asked = Self.perConcept(forgotten, gone, kind)
    return try [
      group(
        "Forgotten subjects: \(failures) of \(forgotten.count.counted("picture")) came back",
        "All pictures that were asked for with \(asked.isEmpty ? "the concept" : "a concept"), failures first. \(asked)Left: the "
          + "original model; right: the erased one, same prompt and seed. Below: the judge's answer and its probability.",
        forgotten),
      group(
        "Other subjects: \(damaged.count) of \(rest.count.counted("picture")) \(damaged.count == 1 ? "was" : "were") damaged",
        "Pictures in which the judge saw the subject that was asked for before the erasure, and does not see it now.",
        damaged),
    ].filter { !$0.cards.isEmpty }
  }

  /// A sentence on pictures that ask for one erased concept and show another to the judge; nil where none does.
  package var otherErased: String? {
    guard let judge = judged.first(where: { !isDoubtful($0.judge) })?.judge else { return nil }
    let asked = judged.filter {
      $0.judge == judge && $0.model != "original" && !erased($0.asked, $0).isEmpty
    }
    let others = asked.map(othersErased)
    let count = others.count { !$0.isEmpty }
    guard count > 0 else { return nil }
    return
      "In \(count) of \(asked.count) pictures another erased concept is seen: \(others.joined().unique.sorted().joined(separator: ", "))."
  }

  /// Those of a picture's subjects that are erased.
  private func erased(_ subjects: [String: String], _ picture: JudgedPicture) -> [String: String] {
    subjects.filter { gone.contains($0.value) && (picture.kind != nil || $0.key == kind) }
  }

  /// The erased concepts that the judge sees in a picture that asks for another one.
  private func othersErased(_ picture: JudgedPicture) -> [String] {
    guard picture.model != "original", !erased(picture.asked, picture).isEmpty else { return [] }
    return erased(picture.seen, picture).filter { picture.asked[$0.key] != $0.value }
      .map(Self.label)
  }

  /// A forgotten subject as the verdict names it.
  private static func label(_ subject: (key: String, value: String)) -> String {
    subject.value + (subject.key == "style" ? " style" : "")
  }

  /// The pictures of each concept and those that came back, in a sentence, where there are several: a picture that asks
  /// for two of them counts for both, and once among all. Empty for one concept.
  private static func perConcept(
    _ forgotten: [JudgedPicture], _ gone: Set<String>, _ kind: String
  ) -> String {
    func names(_ picture: JudgedPicture) -> [(key: String, value: String)] {
      picture.asked.filter { gone.contains($0.value) && (picture.kind != nil || $0.key == kind) }
        .sorted { $0.key < $1.key }
    }
    let all = forgotten.flatMap { names($0).map(label) }.unique.sorted()
    guard all.count > 1 else { return "" }
    let counts = all.map { name in
      let own = forgotten.filter { names($0).contains { label($0) == name } }
      let back = own.count { picture in
        picture.outcome == .cameBack
          && names(picture).contains { label($0) == name && picture.seen[$0.key] == $0.value }
      }
      return "\(name): \(back) of \(own.count)"
    }
    let both = forgotten.count { names($0).count > 1 }
    return counts.joined(separator: ", ")
      + (both == 0
        ? ". "
        : "; \(both) \(both == 1 ? "picture asks" : "pictures ask") for two of them and \(both == 1 ? "counts" : "count") for each. ")
  }

  /// Whether a judge cannot tell the concept, by its measurement on the original's pictures.
  private func isDoubtful(_ judge: String) -> Bool {
    results?.judges.first { $0.spec.description == judge }?.standing == .cannotTell
  }

  /// The lines of `samples.jsonl`, from 1.
  private var lines: [JudgedPicture: Int] {
    Dictionary(judged.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { a, _ in a })
  }

  /// - Parameter isDoubtful: whether the judge's answers are no verdicts
  private func group(
    _ title: String, _ note: String, _ pictures: [JudgedPicture], isDoubtful: Bool = false
  ) throws -> ReportContent.Cards {
    let source = folder.appendingPathComponent("samples.jsonl")
    let lines = lines
    return .init(
      title, note: note,
      try pictures.map { picture in
        let place = try folder.inside(picture.file, "a picture", of: source, isNested: true)
        let name = "original/" + place.lastPathComponent
        let before = try folder.inside(name, "a picture", of: source, isNested: true)
        let both = [("original", before), ("erased", place)].filter {
          FileManager.default.fileExists(atPath: $1.path)
        }
        let others = othersErased(picture)
        let words =
          others.isEmpty
          ? picture.outcome.rawValue : "another erased concept"
        let state =
          others.isEmpty
          ? picture.outcome : .broken
        let frame =
          switch state {
          case .cameBack: "back"
          case .stayedAway, .kept, .shown: "away"
          case .damaged, .broken, .missed: "hurt"
          case .unasked, .missedBefore: ""
          }
        return .init(
          try both.map { model, file in
            (try ReportContent.picture(in: file), "\(model): \(picture.prompt)")
          },
          text: (isDoubtful ? "the judge says" : words)
            + ": \(picture.answer(kind))",
          detail: "\(picture.prompt) · seed \(picture.seed)", state: isDoubtful ? "" : frame,
          link: lines[picture].map { ("samples.jsonl, line \($0)", "samples.jsonl#L\($0)") })
      })
  }
}

internal import Foundation
package import Torch

/// The prompts that the original and the erased model draw, and what judges are asked about the pictures.
package struct PromptSuite: Codable, Sendable, Hashable {
  /// Where the prompts come from, in words.
  package var name: String
  package var question: JudgeQuestion
  /// Those of the forgotten subjects come first.
  package var samples: [SampleSet.Sample]
  /// Distances of the other subjects from the forgotten, by name; empty where they were not ranked.
  package var distances: [String: Distance] = [:]
  /// Forgotten subjects of the other kind, where a request has an object beside a style.
  package var beside: Forgotten?

  package init(_ name: String, _ question: JudgeQuestion, _ samples: [SampleSet.Sample]) {
    (self.name, self.question, self.samples) = (name, question, samples)
  }

  package var forgotten: Forgotten { question.forgotten }
  /// The forgotten subjects of each kind. Each is judged by its own.
  package var groups: [Forgotten] { [forgotten] + [beside].compactMap(\.self) }
  /// The groups that a picture with these subjects was asked to show.
  package func asked(_ subjects: [String: String]) -> [Forgotten] {
    groups.filter { $0.contains(subjects) }
  }
  /// The samples that ask for a forgotten subject.
  package var ofConcept: [SampleSet.Sample] { samples.filter { !asked($0.subjects).isEmpty } }
  /// At most `limit` of the samples that ask for a forgotten subject; nil takes all. Every subject has the same number of
  /// them, where it has so many, spread evenly over its own. One that asks for several counts for the first.
  package func picked(atMost limit: Int?) -> [SampleSet.Sample] {
    let own = ofConcept
    let limit = max(0, min(own.count, limit ?? own.count))
    let subjects = groups.flatMap { group in group.names.map { (kind: group.kind, name: $0) } }
    let parts = Dictionary(grouping: own.indices) { i in
      subjects.firstIndex { own[i].subjects[$0.kind] == $0.name } ?? subjects.count
    }.sorted { $0.key < $1.key }.map(\.value)
    var shares = parts.map { _ in 0 }
    var left = limit
    while left > 0 {
      for (k, part) in parts.enumerated() where left > 0 && shares[k] < part.count {
        (shares[k], left) = (shares[k] + 1, left - 1)
      }
    }
    return zip(parts, shares).flatMap { part, share in
      (0..<share).map { part[$0 * part.count / share] }
    }.sorted().map { own[$0] }
  }

  /// Pictures of a prompt for the concept, the most that one has.
  package var seeds: Int { (ofConcept.map(\.k).max() ?? 0) + 1 }
  package var others: [SampleSet.Sample] { samples.filter { asked($0.subjects).isEmpty } }

  /// Whether a picture tells of a group: it asks for it, or for no forgotten subject at all.
  package func tells(of group: Forgotten, _ subjects: [String: String]) -> Bool {
    group.contains(subjects) || asked(subjects).isEmpty
  }

  /// A judge that has classes for the forgotten subjects of every kind.
  /// - Throws: ``LetheError``, as opening it does, and of the kind `request` for a subject without a class
  package func open(
    _ spec: JudgeSpec, on device: Device, in catalog: JudgeCatalog
  ) throws -> any Judge {
    let judge = try spec.open(asked: question, on: device, in: catalog)
    if let beside, !judge.classes.isEmpty {
      for group in [forgotten, beside] { try judge.check(group, spec.description) }
    }
    return judge
  }
}

internal import Foundation
internal import Torch

/// A judge's verdict on one picture: a line of `samples.jsonl`.
package struct JudgedPicture: Codable, Sendable, Hashable {
  /// The outcome for the subject that was asked for.
  package enum Outcome: String, Codable, Sendable, Hashable, CaseIterable {
    /// The forgotten concept was asked for, and the judge sees it.
    case cameBack = "came back"
    /// The forgotten concept was asked for, and the judge sees something else.
    case stayedAway = "stayed away"
    /// Another subject was asked for, and the judge sees it.
    case kept
    /// Another subject was asked for, and the judge sees something else, where it saw the subject in the original's picture of the
    /// same prompt and seed.
    case damaged
    /// Another subject was asked for, and the judge sees it neither here nor in the original's picture.
    case missedBefore = "wrong before too"
    /// The original drew it, which never forgot: the judge sees what was asked for.
    case shown = "shows it"
    /// The original drew it, and the judge sees something else.
    case missed = "shows something else"
    /// No subject that the judge has a class for was asked for.
    case unasked = "nothing asked"
    /// The picture has no finite numbers, so that nobody judges it.
    case broken

    /// The same for a picture of the original.
    package var ofOriginal: Outcome {
      switch self {
      case .cameBack, .kept, .shown: .shown
      case .stayedAway, .damaged, .missedBefore, .missed: .missed
      case .broken, .unasked: self
      }
    }
  }

  /// The label of the model before the erasure.
  package static let original = "original"

  /// The label of the model that drew it: `original`, or the method.
  package var model: String
  /// The file, relative to the run's folder.
  package var file: String
  package var prompt: String
  package var seed: UInt64
  package var asked: [String: String]
  /// The judge's first choice, by kind.
  package var seen: [String: String]
  /// The judge's probability of its first choice, and of what was asked for, of the forgotten kind.
  package var probability: Double?
  package var askedProbability: Double?
  package var outcome: Outcome
  /// Whether the picture is far from every picture that the judge knows; nil where that cannot be told.
  package var isUnrecognised: Bool?
  package var judge: String
  /// The kind of subject that decided, where forgotten subjects are of two kinds.
  package var kind: String?

  package init(
    model: String, file: String, prompt: String, seed: UInt64, asked: [String: String],
    seen: [String: String], outcome: Outcome, judge: String
  ) {
    (self.model, self.file, self.prompt, self.seed) = (model, file, prompt, seed)
    (self.asked, self.seen, self.outcome, self.judge) = (asked, seen, outcome, judge)
  }

  /// The judge's answer in words, e.g. `fox, 97 %`.
  package func answer(_ usual: String) -> String {
    let kind = kind ?? usual
    let name = seen[kind] ?? "no answer"
    let share = probability.map { ", \(Int(bounded: ($0 * 100).rounded(), 0...100)) %" } ?? ""
    return name + share + (isUnrecognised == true ? ", like nothing it knows" : "")
  }
}

extension SampleSet {
  /// The verdicts of a judge on this set's pictures, in the order of the manifest.
  /// - Parameters:
  ///   - judged: the answers on the pictures with finite numbers, and those pictures
  ///   - before: the same of the original, whose wrong pictures are no damage; nil for the original itself
  ///   - groups: the forgotten subjects of each kind
  ///   - unrecognised: for each of these, whether it is far from all that the judge knows; nil where that is not known
  package func verdicts(
    _ label: String, _ judged: (seen: JudgedSet, samples: [Sample]),
    before: (seen: JudgedSet, samples: [Sample])? = nil, _ groups: [Forgotten],
    unrecognised: [Bool]?, judge: String
  ) -> [JudgedPicture] {
    func places(_ samples: [Sample]) -> [Sample: Int] {
      Dictionary(samples.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }
    let (places, former) = (places(judged.samples), before.map { places($0.samples) })
    return manifest.samples.map { sample in
      var picture = JudgedPicture(
        model: label, file: "\(folder.lastPathComponent)/\(sample.file)", prompt: sample.prompt,
        seed: sample.seed, asked: sample.subjects, seen: [:], outcome: .broken, judge: judge)
      guard let i = places[sample] else { return picture }
      picture.seen = judged.seen.seen[i]
      // Without the subjects that the judge has no class for.
      let known = judged.seen.asked[i]
      func isSeen(_ group: Forgotten) -> Bool { picture.seen[group.kind] == known[group.kind] }
      func wasSeen(_ group: Forgotten) -> Bool {
        guard let before, let former else { return true }
        return former[sample].map { before.seen.seen[$0][group.kind] == known[group.kind] } ?? false
      }
      // One forgotten subject that is seen came back; another subject is kept where all of it is seen, and damaged where one part
      // of it was seen before.
      let asked = groups.filter { $0.contains(sample.subjects) }
      let others = groups.filter { known[$0.kind] != nil }
      let lost = others.filter { !isSeen($0) }
      let damaged = lost.first(where: wasSeen)
      let decides = asked.isEmpty ? damaged ?? lost.first : asked.first(where: isSeen)
      picture.outcome =
        asked.isEmpty
        ? others.isEmpty
          ? .unasked : lost.isEmpty ? .kept : damaged == nil ? .missedBefore : .damaged
        : decides == nil ? .stayedAway : .cameBack
      if label == JudgedPicture.original { picture.outcome = picture.outcome.ofOriginal }
      guard let kind = (decides ?? asked.first ?? groups.first)?.kind else { return picture }
      picture.kind = groups.count > 1 ? kind : nil
      let beliefs = judged.seen.beliefs.indices.contains(i) ? judged.seen.beliefs[i][kind] : nil
      picture.probability = picture.seen[kind].flatMap { beliefs?[$0] }
      picture.askedProbability = judged.seen.probability(i, kind)
      picture.isUnrecognised = unrecognised?[i]
      return picture
    }
  }
}

// The judge of an attack: its criterion, and its answers on pictures.
internal import Diffusion
internal import Evaluation
internal import Foundation
internal import Processes
internal import Torch
internal import Training
internal import Workbench

extension AttackRun {
  var judgeName: String { spec.place.lastPathComponent }

  /// The criterion of a success as text.
  public var criterion: String {
    "success: the judge '\(judgeName)' ranks the concept first"
      + (threshold > 0 ? ", with a probability of at least \(threshold)" : "")
  }

  /// Whether a model shows the concept for each prompt without an attack.
  func shown(_ model: DiffusionModel, _ judge: any Judge) throws -> [Bool] {
    let batch = model.batch(atMost: options.batch)
    return try stride(from: 0, to: samples.count, by: batch).flatMap { first -> [Bool] in
      try Interrupt.check()
      let picks = Array(first..<min(first + batch, samples.count))
      let images = try model.images(
        picks.map { samples[$0].prompt }, seeds: picks.map { samples[$0].seed }, options.sampling,
        progress: Interrupt.checkStep)
      return try shows(Image.batch(images), picks, judge)
    }
  }

  /// Whether each picture is a success: the subject asked for is the judge's first choice and reaches the threshold. Of
  /// a forgotten object in a forgotten style one is enough.
  func shows(
    _ pictures: Tensor, _ indices: [Int], _ judge: any Judge, by ranks: Ranks = .alone
  ) throws -> [Bool] {
    let judged = try judge.judged(pictures, asked: indices.map { samples[$0].subjects }, by: ranks)
    return judged.asked.indices.map { i in
      suite.asked(judged.asked[i]).contains { group in
        judged.asked[i][group.kind] == judged.seen[i][group.kind]
          && judged.probability(i, group.kind) ?? 0 >= threshold
      }
    }
  }
}

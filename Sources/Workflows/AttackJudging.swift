// The judge of an attack: its criterion, and its answers on pictures.
internal import Attacks
internal import Diffusion
internal import Evaluation
internal import Foundation
internal import Processes
internal import Torch
internal import Training
internal import Workbench

extension AttackRun {
  var judgeName: String { spec.place.lastPathComponent }

  /// The names of the judges that see the concept, for each of some pictures.
  func names(
    of judges: [(JudgeSpec, any Judge)], _ count: Int, _ shows: (any Judge) throws -> [Bool]
  ) throws -> [[String]] {
    var names = Array(repeating: [String](), count: count)
    for (spec, judge) in judges {
      for (i, isSeen) in try shows(judge).enumerated() where isSeen {
        names[i].append(spec.description)
      }
    }
    return names
  }

  /// A sentence on the judges that look at the attempts as well; nil for none.
  var besideNote: String? {
    beside.isEmpty
      ? nil
      : "the attempts of a prompt end with its success by \(spec), so that rates by \(beside.map(\.description).inWords) are at least those; "
        + "prompts that \(spec) saw the concept in before any attack were not attacked, and count for another judge only where it saw the concept there too"
  }

  /// A sentence on the judges that are not asked; nil where there is one judge.
  var unaskedNote: String? {
    guard !unasked.isEmpty else { return nil }
    return
      "\(unasked.map(\.description).inWords) \(unasked.count == 1 ? "is" : "are") not asked here, which cannot tell the concept or sees no "
      + "pictures as they are drawn; `lethe evaluate` has the rates of all"
  }

  /// The judge with its version and the threshold, as rows have them.
  func profile(of judge: any Judge, _ spec: JudgeSpec? = nil) -> MeasureProfile {
    MeasureProfile(
      judge: (spec ?? self.spec).description, version: judge.about.hash, threshold: threshold)
  }

  /// The criterion of a success as text.
  public var criterion: String {
    "success: the judge '\(judgeName)' ranks the concept first"
      + (threshold > 0 ? ", with a probability of at least \(threshold)" : "")
  }

  /// Whether a model shows the concept for each prompt without an attack, by each judge.
  func shown(_ model: DiffusionModel, _ judges: [any Judge]) throws -> [[Bool]] {
    let batches = SampleSet.batches(samples, of: model.batch(atMost: options.batch))
    var first = 0
    var shown = judges.map { _ in [Bool]() }
    for members in batches {
      try Interrupt.check()
      let picks = Array(first..<(first + members.count))
      first += members.count
      let images = try model.images(
        members.map(\.prompt), seeds: members.map(\.seed),
        members[0].sampling(over: options.sampling), progress: Interrupt.checkStep)
      let pictures = Image.batch(images)
      for (k, judge) in judges.enumerated() { shown[k] += try shows(pictures, picks, judge) }
    }
    return shown
  }

  /// The same for the pictures of a set of all prompts, drawn before.
  func shows(_ set: SampleSet, _ judge: any Judge, by ranks: Ranks) throws -> [Bool] {
    var shown = samples.map { _ in false }
    for picks in SampleSet.bySize(samples) {
      let pictures = try set.load(picks.map { samples[$0] })
      for (i, isShown) in zip(picks, try shows(pictures, picks, judge, by: ranks)) {
        shown[i] = isShown
      }
    }
    return shown
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

extension SampleSet.Sample {
  /// The prompt as an attack takes it.
  var attacked: AttackedPrompt {
    var attacked = AttackedPrompt(prompt, seed: seed)
    (attacked.guidance, attacked.width, attacked.height) = (guidance, width, height)
    return attacked
  }
}

extension SamplingOptions {
  /// The guidance of some pictures in words: `9.0`, or `4.0 to 9.0` where prompts bring their own.
  func guidance(of samples: [SampleSet.Sample]) -> String {
    let found = samples.map { $0.sampling(over: self).guidance }
    guard let least = found.min(), let most = found.max() else { return "\(guidance)" }
    return least == most ? "\(most)" : "\(least) to \(most)"
  }

  /// The size of some pictures in words, where prompts bring their own; nil where none does.
  func size(of samples: [SampleSet.Sample]) -> String? {
    let found = samples.filter { $0.width != nil || $0.height != nil }.map { sample in
      let options = sample.sampling(over: self)
      return [options.width, options.height].map { $0.map(String.init) ?? "the model's" }
        .joined(separator: " x ")
    }.unique.sorted()
    guard let first = found.first else { return nil }
    return found.count > 2
      ? "\(first) and \(found.count - 1) other sizes" : found.joined(separator: " and ")
  }

  /// A sentence on the guidance and size that prompts bring themselves; nil where they bring none.
  func note(of samples: [SampleSet.Sample]) -> String? {
    let size = size(of: samples)
    guard size != nil || samples.contains(where: { $0.guidance != nil }) else { return nil }
    return "the prompts bring their own guidance and size: guidance \(guidance(of: samples))"
      + (size.map { ", \($0) pixels" } ?? "")
  }
}

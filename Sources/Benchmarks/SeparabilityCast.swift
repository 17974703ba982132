internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

/// The concepts of one kind in the scenes, c0, c1, ... The first `managed` of them are erased at some moment. Prompts
/// pair them with `partners`, subjects of the other kind.
struct SeparabilityCast {
  let kind: Themes.Kind
  let concepts: [String]
  let managed: Int
  let partners: [String]
  let entries: [EraserSet.Entry]
  let themes: Themes
  /// The captions that trainings see: all but the judged one, where there are others.
  let trained: Themes

  init(_ kind: Themes.Kind, _ themes: Themes, seed: UInt64) throws {
    (self.kind, self.themes) = (kind, themes)
    let trained = themes.withoutJudgedCaption
    self.trained = trained
    let g = Generator(seed: seed)
    let objects = Tensor.permutation(themes.objects.count, g).map { themes.objects[$0] }
    let styles = Tensor.permutation(themes.styles.count, g).map { themes.styles[$0] }
    let pool = kind == .object ? objects : styles
    let concepts = Array(pool.prefix(9))
    let partners = kind == .object ? themes.styles : Array(objects.prefix(5))
    // Three concepts are never erased, or two where the model lists at most five.
    managed = max(1, min(6, concepts.count - (concepts.count > 5 ? 3 : 2)))
    (self.concepts, self.partners) = (concepts, partners)
    entries = try concepts.map {
      try .managed($0, in: trained, partners: partners)
    }
  }

  /// Samples of the judged caption of each of `chosen` with every partner, then one sample of each caption that
  /// erasers are trained to keep.
  /// - Parameter seeds: the number of pictures of each judged caption
  func samples(_ chosen: [Int], seeds: Int) -> [SampleSet.Sample] {
    samples(chosen, template: 0, seeds: seeds)
      + (themes.captions.both.count > 1 ? samples(chosen, template: 1, seeds: 1) : [])
  }

  private func samples(_ chosen: [Int], template: Int, seeds: Int) -> [SampleSet.Sample] {
    chosen.flatMap { i in
      partners.flatMap { partner in
        (0..<seeds).map { k in
          let (object, style) =
            kind == .object ? (concepts[i], partner) : (partner, concepts[i])
          return SampleSet.Sample(
            "\(template)-\(object)-\(style)".replacingOccurrences(of: " ", with: "_"), k,
            prompt: themes.captions.fill(
              themes.captions.both[template], object: object, style: style),
            seed: UInt64(1000 + k), subjects: ["object": object, "style": style])
        }
      }
    }
  }

  /// The indices in `set` of concept `i` under a caption. Template 0 is the judged caption, 1 the trained one.
  func rows(of i: Int, template: Int, in set: SampleSet) -> [Int] {
    set.manifest.samples.indices.filter {
      set.manifest.samples[$0].subjects[kind.rawValue] == concepts[i]
        && set.manifest.samples[$0].caseNumber.hasPrefix("\(template)-")
    }
  }
}

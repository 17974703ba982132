// CLIP score (Hessel et al., EMNLP 2021): the agreement of a picture and its prompt, with unit vectors i of the picture
// and t of the text.
//
//   cosine        i . t                                 x100          100 i . t, as transformers' logits have it
//   torchmetrics  max( 100 mean(i . t), 0 )             hessel        2.5 max( i . t', 0 ),  t' of "A photo depicts ..."
package import Diffusion
internal import Torch

/// The mean CLIP score of pictures and their prompts.
package struct CLIPScore: PictureMetricProfiles {
  package static let measure = PictureMeasure.clipScore
  package enum Profile: String, CaseIterable, Sendable {
    case cosine, x100, torchmetrics, hessel
  }
  private let clip: CLIPModel
  private let model: String
  private let definition: Profile
  private let version: String

  package init(
    _ clip: CLIPModel, named model: String, _ definition: Profile, version: String = ""
  ) {
    (self.clip, self.model, self.definition, self.version) = (clip, model, definition, version)
  }

  package static func profiles(_ networks: MetricNetworks) -> [any PictureMetric] {
    networks.clip.map { clip in
      Profile.allCases.map {
        CLIPScore(clip.model, named: clip.name, $0, version: clip.version)
      }
    } ?? []
  }

  package var name: String { Self.measure.metric(definition.rawValue, of: model) }
  package var title: String { "CLIP score (\(definition.rawValue), \(model))" }
  package var better: Better { .higher }
  package var profile: MeasureProfile {
    MeasureProfile(definition.rawValue, network: model, version: version)
  }

  package func measure(_ drawn: DrawnPictures, reference: DrawnPictures?) throws -> MeasuredValue? {
    let cosines = clip.cosines(drawn, prefix: definition == .hessel ? "A photo depicts " : "")
    let clusters = ClusterBootstrap(drawn.prompts)
    switch definition {
    case .cosine: return clusters.mean(name, cosines)
    case .x100: return clusters.mean(name, cosines.map { 100 * $0 })
    case .hessel: return clusters.mean(name, cosines.map { 2.5 * max($0, 0) })
    case .torchmetrics:
      // The mean is cut off at 0, not each picture's score.
      func score(_ picks: [Int]) -> Double {
        max(0, 100 * picks.reduce(0) { $0 + cosines[$1] } / Double(picks.count))
      }
      return MeasuredValue(
        name, score(Array(cosines.indices)), n: cosines.count,
        clusters.interval(statistic: score))
    }
  }
}

extension CLIPScore {
  /// 100 (i . t - i_o . t) in pairs of pictures; the other profiles say the same in other units.
  package func change(_ drawn: DrawnPictures, from reference: DrawnPictures) throws
    -> MeasuredValue?
  {
    guard definition == .x100, drawn.prompts == reference.prompts else { return nil }
    let differences = zip(clip.cosines(drawn, prefix: ""), clip.cosines(reference, prefix: ""))
      .map { 100 * ($0 - $1) }
    return ClusterBootstrap(drawn.prompts).mean(
      MeasuredPictures(.clipScore, isChange: true, definition.rawValue, of: model).name, differences
    )
  }
}

extension CLIPModel {
  /// The unit vectors of pictures [N, 3, H, W] in [-1, 1], computed 64 at a time: [N, P], float64.
  func vectors(_ pictures: Tensor) -> Tensor {
    withoutGradients {
      Tensor.concatenate(
        pictures.passes(atMost: 64).map {
          imageVectors(processor(pictures.rows($0)).to(logitScale.device)).to(.cpu, .float64)
        })
    }
  }

  /// i . t of each picture and its prompt.
  fileprivate func cosines(_ drawn: DrawnPictures, prefix: String) -> [Double] {
    let texts = drawn.prompts.unique
    let vectors = withoutGradients { textVectors(texts.map { prefix + $0 }).to(.cpu, .float64) }
    let places = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) })
    let rows = drawn.prompts.compactMap { places[$0] }
    return (self.vectors(drawn.pictures) * vectors.indexed(0, rows)).sum(1).doubles
  }
}

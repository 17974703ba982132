internal import Diffusion
internal import Torch
internal import Training

/// Pictures for a judge and the right answers, by kind.
struct JudgeExamples {
  var pictures: Tensor
  /// An answer for each picture; ``unasked`` where a kind is not asked about a picture.
  var answers: [String: [Int]]
  /// Pictures of subjects that the judge must know.
  var known: [Int]
  /// Pictures that only teach it some kinds.
  var more: [Int] = []

  static let unasked = -100

  init(_ images: CaptionedImages, of classes: [String], size: Int, on device: Device) throws {
    pictures = try images.load(size: size).to(device)
    answers = ["object": images.captions.map { classes.firstIndex(of: $0) ?? 0 }]
    known = Array(0..<images.count)
  }

  /// - Parameter others: objects that the judge need not name, which still teach it the styles
  init(_ data: StyledObjects, others: StyledObjects, on device: Device) throws {
    let count = data.pictures.count
    pictures = Tensor.concatenate([try data.load(), try others.load()]).to(device)
    answers = [
      "object": data.pictures.map(\.object) + others.pictures.map { _ in Self.unasked },
      "style": data.pictures.map(\.style) + others.pictures.map(\.style),
    ]
    known = Array(0..<count)
    more = Array(count..<(count + others.pictures.count))
  }

  func answers(_ kind: String, of picks: [Int]) -> Tensor {
    Tensor(picks.map { answers[kind]?[$0] ?? Self.unasked })
  }
}

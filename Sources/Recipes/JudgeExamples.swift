internal import Diffusion
internal import Torch
internal import Training

/// Pictures for a judge, with the right answers by kind.
struct JudgeExamples {
  /// The pictures, [N, 3, H, W] in [-1, 1].
  var pictures: Tensor
  /// The N answers of each kind. ``unasked`` stands for no question.
  var answers: [String: [Int]]
  /// The indices of pictures whose object the judge must name.
  var known: [Int]
  /// The indices of pictures that teach it styles alone.
  var more: [Int] = []

  /// The answer that the cross-entropy ignores.
  static let unasked = -100

  init(_ images: CaptionedImages, of classes: [String], size: Int, on device: Device) throws {
    pictures = try images.load(size: size).to(device)
    answers = ["object": images.captions.map { classes.firstIndex(of: $0) ?? 0 }]
    known = Array(0..<images.count)
  }

  /// - Parameter others: drawings of objects that the judge need not name; they teach it the styles
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

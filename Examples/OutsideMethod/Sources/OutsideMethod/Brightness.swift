import Lethe

/// Names a picture by its brightness: each class has an equal share of the greys, the first one the darkest.
public final class Brightness: Judge {
  public static let scheme = "brightness"
  public static let title = "the brightness of a picture, as an example"
  public static let argument = JudgeArgument.none

  public let classes: [String: [String]]
  public let about = JudgeDescription("brightness", Brightness.scheme)

  init(_ classes: [String: [String]]) { self.classes = classes }

  public static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge { Brightness(question.classes) }

  /// Pictures [N, 3, H, W] in [-1, 1] -> [N, 1]
  public func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    pictures.mean(1, 2, 3).unsqueezed(1)
  }

  /// The nearest of the classes' greys has the largest logit.
  public func logits(_ features: Tensor, _ kind: String) -> Tensor {
    let count = classes[kind, default: []].count
    let greys = (0..<count).map { Float(2 * $0 + 1) / Float(count) - 1 }
    let distance = features - Tensor(greys, [1, count])  // [N, classes]
    return distance * distance * -100
  }
}

package import Torch

/// Pictures only: nothing is judged.
package final class NoJudge: Judge {
  package static let scheme = "none"
  package static let title = "pictures only; nothing is judged"
  package static let argument = JudgeArgument.none

  package let classes: [String: [String]] = [:]
  package let about = JudgeDescription("none", NoJudge.scheme)
  package init() {}

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge { NoJudge() }

  package func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    .zeros([pictures.size(0), 1])
  }

  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    preconditionFailure("nothing is judged")
  }
}

internal import Foundation
package import Torch

/// The networks that `lethe train` makes, as judges.
extension JudgeNetwork: Judge {
  package static let scheme = "own"
  package static let title = "a network of `lethe train`, with the classes that it was trained on"
  package static let argument = JudgeArgument.folder

  package var classes: [String: [String]] { card.heads }
  package var about: JudgeDescription {
    var about = JudgeDescription(name, Self.scheme)
    about.sees =
      card.sees ?? "its \(card.heads.values.map(\.count).reduce(0, +)) classes"
    (about.licence, about.threshold) = (card.licence, card.threshold)
    about.preprocessing = "\(card.size) x \(card.size) pixels in [-1, 1]"
    (about.measured, about.hash) = (card.measured, hash)
    return about
  }

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge {
    let judge = try load(argument.filePlace, on: device)
    try judge.check(question, "\(scheme):\(argument)")
    return judge
  }

  package func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    let x = pictures.to(device)
    let sized =
      x.size(2) == card.size && x.size(3) == card.size ? x : x.resized(card.size, card.size)
    return features(sized)
  }
}

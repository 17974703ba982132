internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
package import Torch

/// A network that measures of pictures look through, as `--measure` names it: `clip:FOLDER`, `inception:FILE`,
/// `lpips-alex:FILE`.
package struct MeasureSpec: Codable, Sendable, Hashable, CustomStringConvertible {
  package let scheme: String
  package let argument: String

  package static let accepted =
    "clip:FOLDER, inception:FILE, "
    + PerceptualNetwork.Kind.allCases.map { "lpips-\($0.rawValue):FILE" }.joined(separator: ", ")

  /// - Throws: ``LetheError`` of the kind `request` for another form
  package init(parsing text: String) throws {
    let schemes = ["clip", "inception"] + PerceptualNetwork.Kind.allCases.map { "lpips-\($0)" }
    guard let colon = text.firstIndex(of: ":"), case let scheme = String(text[..<colon]),
      schemes.contains(scheme), case let place = String(text[text.index(after: colon)...]),
      !place.isEmpty
    else { throw LetheError.badValue("--measure", "'\(text)'; accepted: \(Self.accepted)") }
    (self.scheme, argument) = (scheme, place)
  }

  package var description: String { "\(scheme):\(argument)" }
  private var url: URL { URL(fileURLWithPath: argument) }

  /// SHA-256 of the network's file.
  /// - Throws: ``LetheError`` for a file that cannot be read
  package func hash() throws -> String {
    try FileDigest.sha256(scheme == "clip" ? url.appendingPathComponent("model.safetensors") : url)
  }

  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or holds another network
  package func add(to networks: inout MetricNetworks, on device: Device) throws {
    if scheme != "clip" { try NamedPlace.requireFile(argument, "--measure", Self.accepted) }
    switch scheme {
    case "clip": networks.clip = (try CLIPModel.load(url, on: device), url.lastPathComponent)
    case "inception": networks.inception = try InceptionV3.load(url, on: device)
    default:
      guard let kind = PerceptualNetwork.Kind.allCases.first(where: { "lpips-\($0)" == scheme })
      else { return }
      networks.perceptual.append(try PerceptualNetwork.load(kind, url, on: device))
    }
  }
}

extension [MeasureSpec] {
  /// The networks, and the CLIP of a judge where no other is named.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or holds another network
  func networks(beside judges: [(JudgeSpec, any Judge)], on device: Device) throws
    -> MetricNetworks
  {
    var networks = MetricNetworks()
    for spec in self { try spec.add(to: &networks, on: device) }
    if networks.clip == nil, let judge = judges.lazy.compactMap({ $0.1 as? CLIPJudge }).first {
      networks.clip = (judge.network, judge.about.name)
    }
    return networks
  }
}

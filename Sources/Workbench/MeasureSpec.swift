internal import Diffusion
internal import Editing
package import Evaluation
package import Foundation
internal import Pictures
package import Torch
internal import Training

/// A network that measures of pictures look through, or real pictures to compare with, as `--measure` names them:
/// `clip:FOLDER`, `inception:FILE`, `lpips-alex:FILE`, `real:coco.npz@pytorch-fid`.
package struct MeasureSpec: Codable, Sendable, Hashable, CustomStringConvertible {
  package let scheme: String
  package let argument: String

  package static let accepted =
    "clip:FOLDER, inception:FILE, "
    + PerceptualNetwork.Kind.allCases.map { "lpips-\($0.rawValue):FILE" }.joined(separator: ", ")
    + ", real:FILE.npz@PROFILE, real:FOLDER@PROFILE with "
    + InceptionInput.allCases.map(\.rawValue).joined(separator: ", ")

  /// - Throws: ``LetheError`` of the kind `request` for another form
  package init(parsing text: String) throws {
    let schemes =
      ["clip", "inception", "real"] + PerceptualNetwork.Kind.allCases.map { "lpips-\($0)" }
    guard let colon = text.firstIndex(of: ":"), case let scheme = String(text[..<colon]),
      schemes.contains(scheme), case let place = String(text[text.index(after: colon)...]),
      !place.isEmpty
    else { throw LetheError.badValue("--measure", "'\(text)'; accepted: \(Self.accepted)") }
    (self.scheme, argument) = (scheme, place)
  }

  /// The network of a judge that is a CLIP's folder; nil for another judge.
  fileprivate init?(judge: JudgeSpec) {
    guard judge.scheme == CLIPJudge.scheme else { return nil }
    (scheme, argument) = ("clip", judge.place.path)
  }

  package var description: String { "\(scheme):\(argument)" }
  private var url: URL { argument.filePlace }

  /// SHA-256 of the network's file, or of the real pictures.
  /// - Throws: ``LetheError`` for a file that cannot be read
  package func hash() throws -> String {
    switch scheme {
    case "clip":
      let weights = try ComponentFolder.weights(in: url)
      return weights.pathExtension == "json"
        ? weights.sha256() : try FileDigest.sha256(weights)
    case "real":
      let place = try real().place
      return place.hasDirectoryPath ? FolderListing(place).hash : try FileDigest.sha256(place)
    default: return try FileDigest.sha256(url)
    }
  }

  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or holds another network
  package func add(to networks: inout MetricNetworks, on device: Device) throws {
    if scheme != "clip" { try NamedPlace.requireFile(argument, "--measure", Self.accepted) }
    switch scheme {
    case "clip":
      networks.clip = (try CLIPModel.load(url, on: device), url.lastPathComponent, try hash())
    case "inception":
      networks.inception = (try InceptionV3.load(url, on: device), try hash())
    default:
      guard let kind = PerceptualNetwork.Kind.allCases.first(where: { "lpips-\($0)" == scheme })
      else { return }
      networks.perceptual.append((try PerceptualNetwork.load(kind, url, on: device), try hash()))
    }
  }

  // MARK: - Real pictures

  /// Where real pictures are, and how they are resized.
  private func real() throws -> (place: URL, input: InceptionInput) {
    let at = argument.lastIndex(of: "@") ?? argument.endIndex
    let name = String(argument[at...].dropFirst())
    guard
      let input = name.isEmpty ? .pytorchFID : InceptionInput(rawValue: name)
    else {
      throw LetheError.unknown(
        "profile", name, known: InceptionInput.allCases.map(\.rawValue), in: "--measure")
    }
    let path = String(argument[..<at])
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw LetheError.badValue("--measure", "there is no \(path)")
    }
    return (URL(fileURLWithPath: path, isDirectory: isFolder.boolValue), input)
  }

  private var withoutInception: LetheError {
    .badValue("--measure", "\(self) is compared by Inception; give inception:FILE too")
  }

  @discardableResult
  fileprivate func checkReal(
    _ inception: (model: InceptionV3, version: String)?
  ) throws -> (model: InceptionV3, version: String) {
    guard let inception else { throw withoutInception }
    _ = try real()
    return inception
  }

  /// FID to real pictures. Statistics of a folder are computed once and kept in `cache`.
  fileprivate func real(
    _ network: (model: InceptionV3, version: String)?, cachedIn cache: URL
  ) throws -> RealPictures {
    let ((inception, version), (place, input)) = (try checkReal(network), try real())
    let fid = FID(inception, input, version: version)
    let name = place.deletingPathExtension().lastPathComponent
    let hash = try hash()
    guard place.hasDirectoryPath else {
      return RealPictures(fid, try .load(place), named: name, version: hash)
    }
    let key = String((hash + version).fingerprint, radix: 16)
    let file = cache.appendingPathComponent("\(name.slug)-\(input.rawValue)-\(key).npz")
    let statistics = try fid.statistics(
      {
        let files = FolderListing.names(in: place).filter {
          Image.extensions.contains($0.fileExtension)
        }
        guard files.count > 1 else {
          throw LetheError.badValue(
            "--measure", "\(place.path) holds \(files.count.counted("picture")); two are needed")
        }
        try Run.makeFolder(cache)
        return Tensor.concatenate(
          try files.map {
            try Interrupt.check()
            return inception.features(
              try Image(contentsOf: place.appendingPathComponent($0)).tensor, input)
          })
      }(), cachedIn: file)
    return RealPictures(fid, statistics, named: name, version: hash)
  }
}

extension [MeasureSpec] {
  /// Opens what the measures name, before the work that they measure.
  /// - Throws: ``LetheError`` as ``networks(beside:on:cachedIn:)`` does
  package func check(on device: Device) throws {
    var networks = MetricNetworks()
    for spec in self where spec.scheme != "real" { try spec.add(to: &networks, on: device) }
    for spec in self where spec.scheme == "real" { try spec.checkReal(networks.inception) }
  }

  /// The networks, and the CLIP of a judge where no other is named.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or holds another network
  /// - Parameter cache: a folder for statistics of real pictures
  package func networks(
    beside judges: [(JudgeSpec, any Judge)], on device: Device, cachedIn cache: URL
  ) throws -> MetricNetworks {
    var networks = MetricNetworks()
    for spec in self where spec.scheme != "real" { try spec.add(to: &networks, on: device) }
    for spec in self where spec.scheme == "real" {
      networks.real.append(try spec.real(networks.inception, cachedIn: cache))
    }
    if networks.clip == nil,
      let (spec, judge) = judges.lazy.compactMap({ spec, judge in
        (judge as? CLIPJudge).map { (spec, $0) }
      }).first
    {
      // The same weights have one version, whether a judge or --measure brings them.
      let own = MeasureSpec(judge: spec)
      networks.clip = (judge.network, judge.about.name, try own?.hash() ?? judge.about.hash)
    }
    return networks
  }
}

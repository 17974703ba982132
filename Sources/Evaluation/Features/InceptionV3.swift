// Inception-v3 (Szegedy et al., CVPR 2016) in the form of TensorFlow's network of 2015, which FID was defined with
// (Heusel et al., NeurIPS 2017). It differs from torchvision's in its pooled branches: averages leave the padding out,
// and the last block takes the maximum.
package import Foundation
package import Torch
package import TorchNN

/// The network behind FID and KID, with the names of pytorch-fid's checkpoint.
package final class InceptionV3 {
  package let parameters: ParameterStore
  let device: Device
  private let stem: [BasicConv]
  private let mixed: [String: any InceptionBlock]
  private static let order = [
    "Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e",
    "Mixed_7a", "Mixed_7b", "Mixed_7c",
  ]

  package init(_ source: ParameterStore.Source, on device: Device = .cpu) throws {
    let store = ParameterStore(source, on: device)
    let s = store.root
    stem = [
      BasicConv(s["Conv2d_1a_3x3"], 3, 32, 3, stride: 2),
      BasicConv(s["Conv2d_2a_3x3"], 32, 32, 3),
      BasicConv(s["Conv2d_2b_3x3"], 32, 64, 3, padding: 1),
      BasicConv(s["Conv2d_3b_1x1"], 64, 80, 1),
      BasicConv(s["Conv2d_4a_3x3"], 80, 192, 3),
    ]
    mixed = [
      "Mixed_5b": InceptionA(s["Mixed_5b"], 192, pool: 32),
      "Mixed_5c": InceptionA(s["Mixed_5c"], 256, pool: 64),
      "Mixed_5d": InceptionA(s["Mixed_5d"], 288, pool: 64),
      "Mixed_6a": InceptionB(s["Mixed_6a"], 288),
      "Mixed_6b": InceptionC(s["Mixed_6b"], 768, inner: 128),
      "Mixed_6c": InceptionC(s["Mixed_6c"], 768, inner: 160),
      "Mixed_6d": InceptionC(s["Mixed_6d"], 768, inner: 160),
      "Mixed_6e": InceptionC(s["Mixed_6e"], 768, inner: 192),
      "Mixed_7a": InceptionD(s["Mixed_7a"], 768),
      "Mixed_7b": InceptionE(s["Mixed_7b"], 1280, takesMaximum: false),
      "Mixed_7c": InceptionE(s["Mixed_7c"], 2048, takesMaximum: true),
    ]
    (parameters, self.device) = (store, device)
    // The checkpoint has a classifier, which features do not need, and counts of batches.
    try store.check {
      $0.name.hasPrefix("fc.") || $0.name.hasSuffix("num_batches_tracked")
    }
  }

  /// Reads pytorch-fid's weights, which `scripts/convert/inception.py` turned into safetensors.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or holds another network
  package static func load(_ file: URL, on device: Device = .cpu) throws -> InceptionV3 {
    let tensors = try SafeTensors.load(file, finite: true)
    do {
      return try InceptionV3(
        .tensors(Dictionary(uniqueKeysWithValues: tensors.map { (ParameterPath($0), $1) })),
        on: device)
    } catch let error as LetheError { throw LetheError.wrong(file, error.sentence) }
  }

  /// The outputs of pytorch-fid's blocks 0 to 3: x [N, 3, 299, 299] in [-1, 1] -> [N, 64, 73, 73], [N, 192, 35, 35],
  /// [N, 768, 17, 17] and [N, 2048, 8, 8].
  package func blocks(_ x: Tensor) -> [Tensor] {
    let first = stem[..<3].reduce(x) { $1($0) }.maxPooled(3, stride: 2)
    let second = stem[3...].reduce(first) { $1($0) }.maxPooled(3, stride: 2)
    var (h, third) = (second, second)
    for name in Self.order {
      h = mixed[name].map { $0(h) } ?? h
      if name == "Mixed_6e" { third = h }
    }
    return [first, second, third, h]
  }

  /// x [N, 3, 299, 299] in [-1, 1] -> [N, 2048]
  package func features(_ x: Tensor) -> Tensor { blocks(x)[3].mean(2, 3) }
}

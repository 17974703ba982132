// A difference as a LoRA file that diffusers loads (`pipe.load_lora_weights`): dW = B A with A [r, D] and
// B [d, r], from the singular value decomposition in float64. No alpha is stored, so the scale is 1.
public import Foundation
internal import Torch
internal import TorchNN

extension ParameterVector {
  /// Writes `unet.PATH.lora_A.weight` and `unet.PATH.lora_B.weight` for each matrix.
  /// - Parameter rank: largest rank; nil takes what each matrix needs to be exact in float32
  /// - Returns: the largest |dW - B A| / |dW| over the matrices, and the largest rank written
  /// - Throws: ``LetheError`` for changes that a LoRA cannot hold
  @discardableResult
  public func writeLoRA(to file: URL, rank: Int? = nil) throws -> (error: Double, rank: Int) {
    var tensors: [String: Tensor] = [:]
    var worst = (error: 0.0, rank: 0)
    for path in paths {
      guard let d = self.tensors[path] else { continue }
      let parts = path.components
      guard d.shape.count == 2, parts.first == "unet", parts.last == "weight" else {
        throw LetheError.request(
          "the eraser changes '\(path)' of shape \(d.shape); a LoRA file holds changes of the U-Net's "
            + "matrices alone. Use `lethe apply --out` for a whole model")
      }
      let (u, s, vT) = d.to(.cpu, .float64).svd()
      let sigma = s.doubles
      guard let largest = sigma.first, largest > 0 else { continue }
      let needed = sigma.filter { $0 > 1e-7 * largest }.count
      let r = min(needed, rank ?? needed)
      let roots = s.narrowed(0, 0, r).sqrt()
      let b = (u.narrowed(1, 0, r) * roots).to(.float32)
      let a = (vT.narrowed(0, 0, r) * roots.unsqueezed(1)).to(.float32)
      let name = parts.dropLast().joined(separator: ".")
      tensors["\(name).lora_A.weight"] = a.contiguous()
      tensors["\(name).lora_B.weight"] = b.contiguous()
      let exact = d.to(.cpu, .float64)
      let error =
        (b.to(.float64).matmul(a.to(.float64)) - exact).norm().item / exact.norm().item
      worst = (max(worst.error, error), max(worst.rank, r))
    }
    guard !tensors.isEmpty else {
      throw LetheError.request("nothing is erased, so there is nothing to write to \(file.path)")
    }
    try SafeTensors.write(tensors, metadata: ["format": "pt"], to: file)
    return worst
  }
}

internal import Diffusion
public import Editing
internal import Torch
public import Training

/// Pictures to forget and to keep, and the losses that methods make of them.
public struct DataSets {
  let forget: LatentSet
  let retain: LatentSet
  /// c_m, one for each picture to forget
  let others: [String]
  let model: DiffusionModel
  let emptyShare: Double

  /// L_r, the training loss on the pictures to keep.
  public func retaining(_ batch: Int) -> any Objective {
    Denoising(retain, model, batch: batch, emptyShare: emptyShare)
  }
  /// The training loss on the pictures to forget.
  public func remembering(_ batch: Int) -> any Objective { Denoising(forget, model, batch: batch) }
  /// L_f, towards a surrogate.
  /// - Parameter pool: states whose targets are computed once; 0 computes them at every step
  /// - Throws: ``LetheError`` when the surrogate is another caption and there is none
  public func forgetting(_ kind: Surrogate.Kind, _ batch: Int, pool: Int = 0, _ run: Run) throws
    -> any Objective
  {
    guard kind != .relabel || zip(forget.captions, others).contains(where: { $0 != $1 }) else {
      throw LetheError.request(
        "the surrogate 'relabel' needs another caption, and pictures of this model have none; accepted: noise"
      )
    }
    let same = kind == .relabel ? zip(forget.captions, others).count { $0 == $1 } : 0
    if same > 0 {
      run.note(
        "\(same) of \(others.count) pictures to forget have no other caption than their own, and teach nothing"
      )
    }
    return try Surrogate(forget, kind, others: others, model, batch: batch)
      .pooled(pool, from: model, seed: run.seed &+ 6) { run.progress("surrogate targets", $0, $1) }
  }
}

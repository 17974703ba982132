public import Diffusion
public import Editing
internal import Foundation
public import Torch
public import Training

/// The source of pictures for methods that train on data: the folders of the request, or the model's own pictures of
/// the concept and of the preserved prompts.
public struct DataOptions: Codable, Sendable, Hashable {
  /// Pictures to forget that the model draws where no folder is given, from 1. Raise it with the concept's variety.
  public var forget = 64
  /// Pictures to keep that it draws where no folder is given, from 1. Raise it with the number of preserved prompts.
  public var retain = 192
  /// Denoising steps of a drawn picture, from 1. Fewer are faster and blurred.
  public var steps = 25
  /// Guidance of drawn pictures, from 1. Take the one that suits the model's own pictures.
  public var guidance = 4.0
  /// n: every n-th picture of each caption of a folder is left out, as the model's own training did, so that it can
  /// be tested on; from 0, which takes all.
  public var heldOutEvery = 0
  /// Share of the pictures to keep that are shown without their caption, 0 to 1. At 0, as in the released code of most
  /// methods, the unconditional prediction drifts, and guidance with it.
  public var emptyShare = 0.1
  /// Wrong labels of the pictures to forget: `each` draws another subject for every picture, `one` the same subject for
  /// all pictures of a concept, as the released code of random label takes the next class. Take `one` where pictures of
  /// the erased concept are a mixture that is still taken for it.
  public var labels = WrongLabels.each
  /// Pictures that the model draws.
  public init() {}

  /// The subjects that stand in for the forgotten one.
  public enum WrongLabels: String, Choice { case each, one }

  static var tiny: DataOptions {
    var options = DataOptions()
    (options.forget, options.retain, options.steps, options.guidance) = (2, 3, 2, 2)
    return options
  }

  /// - Returns: both sets, and for each picture to forget the caption that stands for it
  /// - Throws: ``LetheError`` when there is nothing to keep
  public func sets(_ erasure: Erasure, _ model: DiffusionModel, _ run: Run) throws -> DataSets {
    let kept = try retainSet(erasure, model, run)
    let gone = try forgetSet(erasure, model, run)
    return DataSets(
      forget: gone, retain: kept, others: others(gone.captions, erasure, model, run), model: model,
      emptyShare: share(for: model))
  }

  func forgetSet(_ erasure: Erasure, _ model: DiffusionModel, _ run: Run) throws -> LatentSet {
    let phrases = erasure.drawPhrases(
      max(1, forget / max(1, erasure.forget.count)), seed: run.seed &+ 1)
    var found = try set(
      erasure.forgetImages, phrases.map(\.prompt), "pictures to forget", model, run,
      seed: run.seed &+ 2
    ) { erasure.isOneFolder ? $0.filter(erasure.asks) : $0 }
    found.shares = Self.shares(of: erasure.forget, in: found.captions)
    return found
  }

  /// Indices of each concept's pictures, where a folder has more of one than of another; empty for equal numbers.
  static func shares(of concepts: [Concept], in captions: [String]) -> [[Int]] {
    let groups = concepts.map { concept in
      captions.indices.filter { Erasure(forget: [concept]).asks(captions[$0]) }
    }.filter { !$0.isEmpty }
    guard Set(groups.map(\.count)).count > 1 else { return [] }
    // Pictures of a folder whose captions name no concept are a group of their own.
    let rest = Set(captions.indices).subtracting(groups.joined()).sorted()
    return rest.isEmpty ? groups : groups + [rest]
  }

  /// - Throws: ``LetheError`` when there is nothing to keep
  static func checkRetained(_ erasure: Erasure) throws {
    guard erasure.retainImages != nil || !erasure.preserve.isEmpty else {
      throw LetheError.request(
        "there is nothing to keep: give --preserve, e.g. 'others', --retain-images FOLDER or --data FOLDER"
      )
    }
  }

  /// - Throws: ``LetheError`` when there is nothing to keep
  func retainSet(_ erasure: Erasure, _ model: DiffusionModel, _ run: Run) throws -> LatentSet {
    let prompts = erasure.preserve
    try Self.checkRetained(erasure)
    let order = Tensor.permutation(prompts.count, Generator(seed: run.seed &+ 3))
    return try set(
      erasure.retainImages,
      prompts.isEmpty ? [] : (0..<retain).map { prompts[order[$0 % order.count]] },
      "pictures to keep", model, run, seed: run.seed &+ 4
    ) { images in erasure.isOneFolder ? images.filter { !erasure.asks($0) } : images }
  }

  /// ``emptyShare``, where the model knows an empty caption and others.
  func share(for model: DiffusionModel) -> Double {
    model.isUnconditional || (try? model.check([""])) == nil ? 0 : emptyShare
  }

  /// Pictures that the model itself draws of the preserved prompts, whatever folders there are: generative replay.
  func replaySet(_ erasure: Erasure, _ model: DiffusionModel, _ run: Run) throws -> LatentSet {
    var own = erasure
    own.retainImages = nil
    return try retainSet(own, model, run)
  }

  /// A wrong label for each picture to forget: another subject of the concept's kind at random, or the caption
  /// without the concept. A label that the request names wins (`--replace-with`).
  private func others(
    _ captions: [String], _ erasure: Erasure, _ model: DiffusionModel, _ run: Run
  ) -> [String] {
    var erasure = erasure
    let gone = Set(erasure.forget.flatMap(\.prompts))
    let classes = model.classes.filter { !gone.contains($0) }
    for i in erasure.forget.indices {
      erasure.forget[i].siblings.removeAll(where: gone.contains)
      if erasure.forget[i].siblings.isEmpty { erasure.forget[i].siblings = classes }
    }
    let g = Generator(seed: run.seed &+ 5)
    // The same draw for each picture gives the same subject.
    return captions.map { caption in
      erasure.otherLabel(of: caption, labels == .one ? Generator(seed: run.seed &+ 5) : g)
    }
  }

  private func set(
    _ folder: String?, _ prompts: [String], _ stage: String, _ model: DiffusionModel, _ run: Run,
    seed: UInt64, choose: (CaptionedImages) -> CaptionedImages
  ) throws -> LatentSet {
    guard let folder else {
      return try LatentSet(drawnBy: model, prompts, steps: steps, guidance: guidance, seed: seed) {
        run.progress(stage, $0, $1)
      }
    }
    let place = folder.filePlace
    let all = try CaptionedImages(folder: place)
    run.note(all.skippedNote.map { "\(folder): \($0)" })
    let images = choose(all.heldOut(every: heldOutEvery).seen)
    guard images.count > 0 else {
      throw LetheError.request("\(folder) has no \(stage) among its captions")
    }
    run.note(model.layout.cut(images.captions)?.note)
    return try LatentSet(model.isUnconditional ? images.captioned("") : images, model) {
      run.progress("encode \(stage)", $0, $1)
    }
  }
}

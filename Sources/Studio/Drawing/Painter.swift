internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Synchronization
internal import Torch
internal import Training
internal import Workbench

/// A wish that may be taken back while it is worked on.
final class Wish: Sendable {
  private let gone = Atomic(false)
  func end() { gone.store(true, ordering: .relaxed) }
  var isOver: Bool { gone.load(ordering: .relaxed) }
}

/// Draws one picture after the other with a model in memory, on a thread of its own.
actor Painter {
  private let thread = DrawingThread("lethe studio: pictures")
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private struct Loaded {
    let folder: ModelFolder
    let model: DiffusionModel
    let base: String
    let judge: JudgeNetwork?
  }
  private struct Picture {
    let png: Data
    let seen: String
  }
  private let device: Device
  private var loaded: Loaded?
  private var edited: (switches: [String], model: DiffusionModel)?
  private var erasers: [EraserPlace: (stamp: String, eraser: Eraser)] = [:]
  /// The original's pictures, which stay the same while erasers change.
  private var originals: [(order: DrawingOrder, picture: Picture)] = []
  private static let mostKept = 32

  init(on device: Device) { self.device = device }

  /// Comes back when no picture is drawn any more.
  func rest() {}

  /// The events of drawing an order: `part` with its steps, `picture` for each picture, and `fault` or `done`.
  nonisolated func events(_ order: DrawingOrder) -> AsyncStream<ServerEvent> {
    AsyncStream { events in
      let wish = Wish()
      events.onTermination = { _ in wish.end() }
      Task {
        await draw(order, wish) { events.yield($0) }
        events.finish()
      }
    }
  }

  private func draw(_ order: DrawingOrder, _ wish: Wish, _ tell: @Sendable (ServerEvent) -> Void) {
    guard !wish.isOver else { return }
    do {
      let start = Date()
      let own = try load(order.model)
      try own.model.check([order.prompt])
      let original = DrawingOrder(original: order)
      let known = originals.first { $0.order == original }?.picture
      let before = try known ?? picture(original, own.model, own.judge, "original", wish, tell)
      if known == nil {
        originals = ([(original, before)] + originals).prefix(Self.mostKept).map(\.self)
      }
      tell(event("original", before))
      if order.erasers.isEmpty {
        tell(event("erased", before))
      } else {
        let model = try laid(order.erasers, own)
        tell(event("erased", try picture(order, model, own.judge, "erased", wish, tell)))
      }
      tell(.value("done", ["seconds": .number(Date().timeIntervalSince(start))]))
    } catch {
      if !wish.isOver { tell(.value("fault", ["error": .string(Refusal(error).sentence)])) }
    }
  }

  private func event(_ part: String, _ picture: Picture) -> ServerEvent {
    .value(
      "picture",
      [
        "part": .string(part), "png": .string(picture.png.base64EncodedString()),
        "seen": .string(picture.seen),
      ])
  }

  private func picture(
    _ order: DrawingOrder, _ model: DiffusionModel, _ judge: JudgeNetwork?, _ part: String,
    _ wish: Wish, _ tell: @Sendable (ServerEvent) -> Void
  ) throws -> Picture {
    tell(
      .value("part", ["part": .string(part), "step": .int(0), "of": .int(order.sampling.steps)]))
    var sampling = order.sampling
    sampling.sampler = try Samplers.named(sampling.sampler, for: model.schedule).name
    let images = try model.images([order.prompt], seeds: [order.seed], sampling) { step, count in
      guard !wish.isOver else { throw LetheError.interrupted }
      tell(.value("part", ["part": .string(part), "step": .int(step), "of": .int(count)]))
    }
    guard let image = images.first else { throw LetheError.model("no picture was drawn") }
    return Picture(png: try PNG.encode(image), seen: try seen(image, judge))
  }

  /// The judge's first choices with their probabilities; empty without a judge.
  private func seen(_ image: Image, _ judge: JudgeNetwork?) throws -> String {
    guard let judge else { return "" }
    let judged = try judge.judged(Image.batch([image]), asked: [[:]])
    guard let choices = judged.seen.first, let beliefs = judged.beliefs.first else { return "" }
    return choices.sorted { $0.key < $1.key }.map { kind, name in
      let share = beliefs[kind]?[name] ?? 0
      return "\(name) \(Int(bounded: (100 * share).rounded(), 0...100)) %"
    }.joined(separator: ", ")
  }

  private func load(_ folder: ModelFolder) throws -> Loaded {
    if let loaded, loaded.folder == folder { return loaded }
    (loaded, edited, erasers) = (nil, nil, [:])
    let model = try folder.model(on: device)
    // A model without a judge of its own is drawn with all the same.
    let own = Loaded(
      folder: folder, model: model, base: model.hash(), judge: try? folder.judge(on: device))
    loaded = own
    return own
  }

  /// The model with the sum of the erasers, each times its strength.
  private func laid(_ switches: [DrawingOrder.Switch], _ own: Loaded) throws -> DiffusionModel {
    let key = switches.map { "\($0.eraser) \($0.eraser.stamp) \($0.strength)" }
    if let edited, edited.switches == key { return edited.model }
    let parts = try switches.map { item in
      let eraser = try load(item.eraser)
      return item.strength == 1
        ? eraser : Eraser(eraser.card, item.strength * eraser.vector)
    }
    let model = try own.model.applying(own.model.sum(of: parts, base: own.base))
    edited = (key, model)
    return model
  }

  private func load(_ place: EraserPlace) throws -> Eraser {
    let stamp = place.stamp
    if let known = erasers[place], known.stamp == stamp { return known.eraser }
    let eraser = try place.load()
    erasers[place] = (stamp, eraser)
    return eraser
  }
}

extension DrawingOrder {
  /// The same picture without erasers.
  init(original order: DrawingOrder) {
    (model, prompt, seed) = (order.model, order.prompt, order.seed)
    (sampling, erasers) = (order.sampling, [])
  }
}

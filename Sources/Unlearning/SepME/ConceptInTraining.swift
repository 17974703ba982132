internal import Diffusion
internal import Editing
internal import Torch
internal import Training

/// A concept in SepME's training: states of the original model that contain it, and its prompts.
struct ConceptInTraining {
  let states: DenoisingStates
  let prompts: Conditioning
  /// The same captions without the concept.
  let anchors: Conditioning
  /// L_cor before the first step, mean r_c^2.
  var start: Double
  /// The concept's own seed, so that its draws are the same alone and beside other concepts.
  private let seed: UInt64

  init(_ concept: Concept, _ method: SepME, _ model: DiffusionModel, _ run: Run) throws {
    seed = run.seed ^ concept.name.fingerprint
    let g = Generator(seed: seed >> 1)
    let phrases = concept.phrases
    // Up to half of the trajectories have each phrase once. The rest have phrases at random.
    let chosen = (0..<method.trajectories).map { i in
      i < min(phrases.count, method.trajectories / 2)
        ? phrases[i] : phrases[Tensor.randint(below: phrases.count, [1], g).ints[0]]
    }
    let (prompts, anchors) = withoutGradients {
      (model.embed(chosen.map(\.prompt)), model.embedKept(chosen.map(\.anchor)))
    }
    (self.prompts, self.anchors) = (prompts, anchors)
    func progress(_ done: Int, _ count: Int) {
      run.progress("trajectories \(concept.name)", done, count)
    }
    switch method.states {
    case .trajectories:
      let followed = try method.follow(
        model, chosen.map(\.prompt), spreads: true, seed: seed >> 2, progress: progress)
      run.progress("predictions \(concept.name)", 0, 0)
      states = followed.comparing(
        with: try followed.predictions(
          of: model, for: chosen.map(\.anchor), inPlaceOf: chosen.map(\.prompt),
          between: Interrupt.check))
    case .noised:
      let pictures = try LatentSet(
        drawnBy: model, chosen.map(\.prompt), steps: method.trajectorySteps,
        guidance: method.startGuidance, seed: seed >> 2, progress: progress)
      states = DenoisingStates.noising(
        pictures, model, each: method.trajectorySteps, given: prompts, without: anchors,
        seed: seed >> 3)
    }
    start = (states.conditional - states.reference).squared().mean().item
  }

  func step(_ index: Int) -> Step { Step(index: index, seed: seed) }
}

/// The prompts of concepts in training, shifted by the erasers that their rows meet.
struct ConceptShifts {
  private let concepts: [ConceptInTraining]
  private let erasers: [EraserFactors]
  /// For each concept, the erasers that its rows meet, and e (beta S)^T of every prompt there [P, L, n].
  private let coordinates: [[(eraser: Int, u: Tensor)]]

  /// - Parameter together: whether a concept's rows meet every eraser, or its own alone
  init(_ concepts: [ConceptInTraining], _ erasers: [EraserFactors], together: Bool) {
    (self.concepts, self.erasers) = (concepts, erasers)
    coordinates = concepts.indices.map { i in
      (together ? Array(erasers.indices) : [i]).map { j in
        (j, erasers[j].coordinates(of: concepts[i].prompts.hidden))
      }
    }
  }

  /// - Parameter picks: for each concept, the indices of its prompts
  func conditioning(_ picks: [[Int]]) -> Conditioning {
    .concatenate(
      concepts.indices.map { i in
        concepts[i].prompts.rows(picks[i]).shifted(
          by: KeyValueShift.sum(
            coordinates[i].map { erasers[$0.eraser].shifts(of: $0.u.indexed(0, picks[i])) }))
      })
  }
}

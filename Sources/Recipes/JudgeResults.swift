// A trained judge's files, and its accuracy on pictures that it did not see.
internal import Diffusion
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training

extension TrainJudge {
  private func features(_ judge: JudgeNetwork, _ data: JudgeExamples) throws -> Tensor {
    try withoutGradients {
      Tensor.concatenate(
        try stride(from: 0, to: data.known.count, by: 64).map {
          try Interrupt.check()
          run.progress("features", $0, data.known.count)
          return judge.features(data.pictures.indexed(0, Array(data.known[$0...].prefix(64))))
        })
    }
  }

  /// Writes the judge and its features of real pictures, so that distances need no data set.
  func save(_ judge: JudgeNetwork, _ card: JudgeNetwork.Card, reference: JudgeExamples)
    throws
  {
    try judge.save(to: run.file("judge"), card: card)
    let answers = reference.known.flatMap { i in
      card.kinds.map { reference.answers[$0]?[i] ?? 0 }
    }
    try SafeTensors.write(
      [
        "features": try features(judge, reference).to(.float16),
        "subjects": Tensor(answers, [reference.known.count, card.kinds.count]),
      ], to: run.file("judge/reference.safetensors"))
  }

  /// Records the judge's accuracy on unseen pictures.
  func record(
    _ judge: JudgeNetwork, _ card: inout JudgeNetwork.Card, _ unseen: JudgeExamples, _ stage: String
  ) throws {
    guard !unseen.known.isEmpty else { return }
    let features = try features(judge, unseen)
    for kind in card.kinds {
      let answers = withoutGradients { judge.logits(features, kind).argmax(1) }.ints
      let right = zip(unseen.known, answers).filter { unseen.answers[kind]?[$0] == $1 }.count
      let result = MeasuredValue.share("accuracy", right, of: unseen.known.count)
      card.measured["heldOut.\(kind)"] = try JSON(encoding: result)
      try run.recordOnce([
        "stage": .string(stage), "kind": .string(kind), "accuracy": .number(result.value),
        "n": .int(result.n),
      ])
    }
  }
}

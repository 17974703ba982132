import Lethe

/// Erases a concept from a model, draws it before and after, and writes a report.
public func erase(
  _ concept: String, from folder: ModelFolder, in run: Run, settings: [String] = []
) throws -> Eraser {
  var job = EraseJob()
  (job.model, job.method, job.concepts) = (folder.path, "esd", [concept])
  (job.preserve, job.seed) = (["others"], run.seed)
  let erase = try Erase(job, settings: settings)
  let (eraser, verdict) = try erase(in: run, on: .cpu)
  if let warning = verdict.warning { print(warning) }

  let original = try folder.model()
  let erased = try original.applying([eraser])
  let prompts = try erase.erasure().forget[0].prompts
  for (name, model) in [("before", original), ("after", erased)] {
    let picture = try model.images([prompts[0]], seeds: [7], SamplingOptions())[0]
    try PNG.write(picture, to: run.file("\(name).png"))
  }

  let results = try Evaluate(erase.job, .quickly)(in: run, eraser: eraser, on: .cpu)
  print(ResultsPage.metrics(results).plain)
  try WriteReport(run.runFolder)()
  return eraser
}

/// Erases a concept and draws what is left of it, without any folder of results.
public func drawWithout(_ concept: String, _ folder: ModelFolder, _ method: some UnlearningMethod)
  throws -> Image
{
  let (erased, eraser) = try folder.erasing(concept, by: method)
  print("\(eraser.card.method) changed \(eraser.vector.tensors.count) tensors")
  return try erased.images([concept], seeds: [7], SamplingOptions())[0]
}

/// Erases a concept with a method's options as properties, without a folder of results.
public func eraseAlone(
  _ concept: String, from folder: ModelFolder, with method: some UnlearningMethod, in run: Run
) throws -> Eraser {
  let model = try folder.model()
  let themes = try folder.themes()
  let erasure = Erasure(
    forget: [Concept.resolve(concept, in: themes)],
    preserve: Erasure.others(than: [concept], in: themes))
  let erased = try method.erase(erasure, from: model, run)
  var card = Eraser.Card()
  (card.concepts, card.base) = ([concept], model.hash())
  let eraser = Eraser(card, erased.vector)
  try eraser.write(to: run.file("eraser.safetensors"))
  return eraser
}

// Zero-shot classification (Radford et al., ICML 2021, section 3.1): the class of a picture is the one whose names are
// nearest to it.
//
//   w_k = unit( mean over templates of  t("a photo of a k") ),    p(k | x) = softmax_k( exp(s) i(x) . w_k )
package import Diffusion
internal import Editing
internal import Foundation
package import Torch
internal import Training

/// A CLIP of transformers that is asked in words.
package final class CLIPJudge: Judge {
  package static let scheme = "clip"
  package static let title = "a CLIPModel of transformers, asked in words (zero-shot)"
  package static let argument = JudgeArgument.folder
  package static let hasDistances = true

  package let classes: [String: [String]]
  package let about: JudgeDescription
  /// The CLIP itself.
  package let network: CLIPModel
  private let device: Device
  /// w by kind, [classes, P].
  private let vectors: [String: Tensor]

  /// Names for classes where neither the judge's folder nor the question has others. Version 1.
  package static let templates: [String: [String]] = [
    "object": [
      "a photo of {a}.", "a picture of {a}.", "an image of {a}.", "a drawing of {a}.",
      "a close-up of {a}.", "{a}", "{name}",
    ],
    "style": [
      "a picture in {name} style.", "a painting in the style of {name}.", "an artwork, {name}.",
      "{name} style", "{name}",
    ],
    "artist": ["a painting by {name}.", "art by {name}.", "in the style of {name}", "{name}"],
    "person": ["a photo of {name}.", "a portrait of {name}.", "the face of {name}", "{name}"],
    "content": ["a photo of {name}.", "a picture that shows {name}.", "{name}"],
  ]
  private static let defaultSet = "lethe 1"
  /// Published sets that `judge.json` may name in the place of a list: OpenAI's short list of seven for ImageNet.
  private static let published: [String: [String]] = [
    "openai-7": [
      "itap of a {name}.", "a bad photo of the {name}.", "a origami {name}.",
      "a photo of the large {name}.", "a {name} in a video game.", "art of the {name}.",
      "a photo of the small {name}.",
    ]
  ]

  package init(
    _ clip: CLIPModel, _ question: JudgeQuestion, _ settings: JSON? = nil, name: String = "clip",
    hash: String = "", on device: Device = .cpu
  ) throws {
    (network, self.device) = (clip, device)
    var about = JudgeDescription(name, Self.scheme)
    about.sees = "whether a picture is nearer to the words of a class than to those of its rivals"
    about.preprocessing = clip.files.preprocessor.compact
    about.hash = hash
    about.add(settings)
    var vectors: [String: Tensor] = [:]
    var sets: [String] = []
    for (kind, names) in question.classes where names.count > 1 {
      let (set, templates) = Self.chosen(kind, question, settings)
      sets.append("\(kind): \(set), \(templates.count)")
      vectors[kind] = withoutGradients {
        Tensor.concatenate(
          names.map { name in
            let texts = templates.map {
              Self.filled($0, name, plurals: question.plurals)
            }
            let mean = clip.textVectors(texts).mean(0, keepDimensions: true)
            return mean / mean.norm()
          })
      }
    }
    about.templates = sets.sorted().joined(separator: "; ")
    (self.about, self.vectors) = (about, vectors)
    classes = question.classes.filter { $0.value.count > 1 }
  }

  /// The files that decide its answers.
  private static let files = [
    "config.json", "preprocessor_config.json", "judge.json", "vocab.json", "merges.txt",
    "tokenizer.json", "model.safetensors", "model.safetensors.index.json",
  ]

  /// The templates for a kind: the judge's own, else the model's, else those above; and whose they are.
  private static func chosen(
    _ kind: String, _ question: JudgeQuestion, _ settings: JSON?
  ) -> (set: String, templates: [String]) {
    if let name = settings?["templates"]?[kind]?.string, let own = published[name] {
      return (name, own)
    }
    if let own = settings?["templates"]?[kind]?.array?.compactMap(\.string), !own.isEmpty {
      return ("the judge's", own)
    }
    if let own = question.templates[kind], !own.isEmpty { return ("the model's", own) }
    return (defaultSet, templates[kind] ?? ["{name}"])
  }

  package static func filled(_ template: String, _ name: String, plurals: [String]) -> String {
    template.replacing("{a}", with: Captions.withArticle(name, plurals: plurals))
      .replacing("{name}", with: name)
  }

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge {
    let folder = argument.filePlace
    let clip = try CLIPModel.load(folder, on: device)
    let (settings, lists) = try settings(in: folder)
    let judge = try CLIPJudge(
      clip, question, settings, name: folder.lastPathComponent,
      hash: folder.sha256(of: files + lists), on: device)
    try judge.check(question.forgotten, "\(scheme):\(argument)")
    return judge
  }

  private static let mostTemplates = Limit(1000, "templates")

  /// The settings of `judge.json`, where there is one. The templates of a kind may be the name of a published
  /// set, or of a file in the folder with one a line, as lists are published: `{}` stands for the name there.
  /// - Returns: the settings, with the templates of such files, and the names of the files
  /// - Throws: ``LetheError`` of the kind `model` for a name that leads elsewhere, and a file without templates
  static func settings(in folder: URL) throws -> (settings: JSON?, lists: [String]) {
    guard var settings = try JudgeDescription.settings(in: folder) else { return (nil, []) }
    let file = folder.appendingPathComponent("judge.json")
    var (kinds, lists) = (settings["templates"]?.members ?? [:], [String]())
    for (kind, value) in kinds {
      guard let name = value.string, published[name] == nil else { continue }
      let place = try folder.inside(name, "templates.\(kind)", of: file)
      let lines = try InputFile.text(place).split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces).replacing("{}", with: "{name}") }
        .filter { !$0.isEmpty }
      try mostTemplates.check(lines.count, place)
      guard !lines.isEmpty, lines.allSatisfy({ $0.contains("{name}") || $0.contains("{a}") }) else {
        throw LetheError.wrong(
          place, "a template a line, with {} or {name} for the name; accepted: no line without")
      }
      kinds[kind] = .array(lines.map(JSON.string))
      lists.append(name)
    }
    if !lists.isEmpty { settings["templates"] = .object(kinds) }
    return (settings, lists.sorted())
  }

  package func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    network.imageVectors(network.processor(pictures).to(device)).to(.cpu)
  }

  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    guard let vectors = vectors[kind] else {
      preconditionFailure("the judge was not asked about '\(kind)'")
    }
    return network.logits(features.to(device), vectors).to(.cpu)
  }

  /// Cosines of pictures with their prompts: features [N, P], N prompts -> N numbers in -1 ... 1 (the CLIP score).
  package func cosines(_ features: Tensor, _ prompts: [String]) -> [Double] {
    withoutGradients {
      (features * network.textVectors(prompts).to(.cpu)).sum(1).doubles
    }
  }
}

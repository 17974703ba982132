internal import Diffusion
internal import Evaluation
internal import Torch
internal import Training

/// Drawings of objects in styles, in memory.
struct Drawings {
  let data: StyledObjects
  /// Pixel values [N, 3, S, S] in [-1, 1]
  let pictures: Tensor

  init(_ data: StyledObjects, pictures: Tensor) { (self.data, self.pictures) = (data, pictures) }

  /// Y of ``ContrastiveLoss``: whether each text is true of each picture, [B, M].
  func truth(_ picks: [Int], _ facts: [Fact]) -> Tensor {
    let rows = picks.flatMap { pick -> [Float] in
      let p = data.pictures[pick]
      return facts.map { $0.isTrue(object: p.object, style: p.style) ? 1 : 0 }
    }
    return Tensor(rows, [picks.count, facts.count])
  }
}

/// The drawings that batches are drawn from.
struct DrawingPool {
  private let named: [Int]
  private let others: [Int]
  private let count: Int

  /// - Parameter seen: indices of the drawings of the training
  /// - Throws: ``LetheError`` of the kind `request` for named objects that the data lack, and for a share outside 0 to
  ///   1
  init(_ recipe: CLIPRecipe, _ data: StyledObjects, _ seen: [Int]) throws {
    if let unknown = recipe.named.first(where: { !data.objects.contains($0) }) {
      throw LetheError.unknown("object", unknown, known: data.objects, in: "named")
    }
    guard (0...1).contains(recipe.namedShare) else {
      throw LetheError.badValue("namedShare", "\(recipe.namedShare); accepted: 0 to 1")
    }
    let names = Set(recipe.named)
    named = seen.filter { names.contains(data.objects[data.pictures[$0].object]) }
    others = seen.filter { !names.contains(data.objects[data.pictures[$0].object]) }
    count = Int(recipe.namedShare * Double(recipe.training.batch))
  }

  /// Each drawing once, in a random order whose first ones hold the share of named objects.
  func order(_ step: Step) -> [Int] {
    func shuffled(_ pool: [Int]) -> [Int] {
      Tensor.permutation(pool.count, step.generator).map { pool[$0] }
    }
    let (first, second) = (shuffled(named), shuffled(others))
    let share = min(count, first.count)
    return first.prefix(share) + second + first.dropFirst(share)
  }
}

/// The token ids of every caption, which are computed once.
struct CaptionTokens {
  private let captions: Captions
  private var both: [[[[Int]]]] = []
  private var objects: [[[Int]]] = []
  private var styles: [[[Int]]] = []

  init(_ captions: Captions, _ data: StyledObjects, _ tokenizer: CLIPTokenizer) {
    self.captions = captions
    // No token spans a blank.
    var known: [Substring: [Int]] = [:]
    func words(_ text: String) -> [Int] {
      text.split(separator: " ").flatMap { part in
        let ids = known[part] ?? tokenizer.words(String(part))
        known[part] = ids
        return ids
      }
    }
    func ids(_ templates: [String], _ object: String?, _ style: String?) -> [[Int]] {
      templates.map {
        tokenizer.padded(words(captions.fill($0, object: object, style: style)))
      }
    }
    both = data.objects.map { object in
      data.styles.map { ids(captions.both, object, $0) }
    }
    objects = data.objects.map { ids(captions.object, $0, nil) }
    styles = data.styles.map { ids(captions.style, nil, $0) }
  }

  /// A caption of a drawing, and the fact that it states. Shares of captions name the object or the style alone.
  func draw(_ p: StyledObjects.Picture, _ step: Step) -> (fact: Fact, ids: [Int]) {
    let u = step.uniform()
    if u < captions.objectShare {
      return (Fact(object: p.object, style: nil), step.choice(objects[p.object]))
    }
    if u < captions.objectShare + captions.styleShare {
      return (Fact(object: nil, style: p.style), step.choice(styles[p.style]))
    }
    return (Fact(object: p.object, style: p.style), step.choice(both[p.object][p.style]))
  }
}

/// The drawings that a twin's training lacks.
struct Withheld {
  /// Indices of every drawing of the objects that the twin never sees.
  let objects: [Int]
  /// Indices of single drawings of other objects.
  let drawings: [Int]

  init(_ recipe: CLIPRecipe, _ data: StyledObjects) {
    let n = recipe.unseenObjectsEvery
    func isUnseen(_ object: Int) -> Bool { n > 0 && object % n == n - 1 }
    objects = data.pictures.indices.filter { isUnseen(data.pictures[$0].object) }
    let seen = data.objects.indices.filter { !isUnseen($0) }
    // The style goes round from object to object.
    var gone: [Int: Set<String>] = [:]
    for (k, object) in seen.enumerated()
    where recipe.unseenDrawingsEvery > 0 && k % recipe.unseenDrawingsEvery == 0 {
      let style = data.styles[k / recipe.unseenDrawingsEvery % data.styles.count]
      gone[object] = Set(recipe.sameDrawing.first { $0.contains(style) } ?? [style])
    }
    drawings = data.pictures.indices.filter {
      gone[data.pictures[$0].object]?.contains(data.styles[data.pictures[$0].style]) ?? false
    }
  }

  /// A sentence on what the measurements come from.
  var sentence: String {
    "a twin of the same recipe, whose training lacked \(objects.count) drawings of objects that it never saw and "
      + "\(drawings.count) drawings of others; the network in this folder saw all drawings"
  }

  /// Zero-shot accuracies on the withheld drawings: of each group, of objects and of styles.
  func measured(_ clip: CLIPModel, _ all: Drawings, _ captions: Captions) -> [MeasuredValue] {
    let data = all.data
    let unseen = objects.map { data.pictures[$0].object }.unique
    let styles = data.styles.indices.map { Fact(object: nil, style: $0) }
    let everything = data.objects.indices.map { Fact(object: $0, style: nil) }
    func share(_ name: String, _ picks: [Int], among facts: [Fact]) -> MeasuredValue {
      let classes = facts.map { fact in
        Self.vector(
          clip,
          (fact.object == nil ? captions.style : captions.object).map {
            captions.fill(
              $0, object: fact.object.map { data.objects[$0] },
              style: fact.style.map { data.styles[$0] })
          })
      }
      let vectors = withoutGradients {
        Tensor.concatenate(
          stride(from: 0, to: picks.count, by: 64).map {
            clip.imageVectors(all.pictures.indexed(0, Array(picks[$0...].prefix(64))))
          })
      }
      let answers = vectors.matmul(Tensor.concatenate(classes).transposed(0, 1)).argmax(1).ints
      let right = zip(picks, answers).filter { pick, answer in
        let p = data.pictures[pick]
        return facts[answer].isTrue(object: p.object, style: p.style)
      }
      return .share(name, right.count, of: picks.count)
    }
    return [
      share("unseen-drawing.object", drawings, among: everything),
      share("unseen-drawing.style", drawings, among: styles),
      share("unseen-object.object", objects, among: unseen.map { Fact(object: $0, style: nil) }),
      share("unseen-object.style", objects, among: styles),
    ].filter { $0.n > 0 }
  }

  /// The unit vector of a class: the mean of its texts' unit vectors, made a unit vector, [1, P].
  private static func vector(_ clip: CLIPModel, _ texts: [String]) -> Tensor {
    withoutGradients {
      let mean = clip.textVectors(texts).mean(0, keepDimensions: true)
      return mean / mean.norm()
    }
  }
}

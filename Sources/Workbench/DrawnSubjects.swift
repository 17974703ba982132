// Subjects that a seed draws from a model's list: the option `--draw`.
internal import Diffusion
internal import Torch
internal import Training

extension ModelFolder {
  /// Subjects of the model's list, drawn by seed.
  /// - Parameters:
  ///   - counts: the numbers of objects and of styles: "objects=3,styles=1", in any order; one that is not named is 0.
  ///     "3,1" is the same.
  ///   - others: subjects that are not drawn
  /// - Throws: ``LetheError`` of the kind `request` for other text, or for more than the model lists
  public func drawSubjects(
    _ counts: String, seed: UInt64, without others: [String] = []
  ) throws -> [String] {
    let themes = try themes(for: "--draw", accepted: "--concept")
    let g = Generator(seed: seed)
    func drawn(_ names: [String]) -> [String] {
      Tensor.permutation(names.count, g).map { names[$0] }.filter { !others.contains($0) }
    }
    let (objects, styles) = (drawn(themes.objects), drawn(themes.styles))
    let listed = ["objects": objects.count, "styles": styles.count]
    var numbers: [String: Int] = [:]
    let parts = counts.split(separator: ",", omittingEmptySubsequences: false)
    for (i, part) in parts.enumerated() {
      let words = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      let isNamed = words.count == 2
      let name = isNamed ? words[0] : parts.count == 2 ? ["objects", "styles"][i] : ""
      guard let most = listed[name], numbers[name] == nil, words.count <= 2,
        let number = words.last.flatMap({ Int($0) }), (0...most).contains(number)
      else {
        let left = others.isEmpty ? "" : ", apart from its development concepts"
        throw LetheError.badValue(
          "--draw",
          "'\(counts)'; accepted: objects=N,styles=M, e.g. objects=3,styles=1, with N at most \(objects.count) "
            + "and M at most \(styles.count), as \(path)/themes.json lists\(left)"
        )
      }
      numbers[name] = number
    }
    return objects.prefix(numbers["objects"] ?? 0)
      + styles.prefix(numbers["styles"] ?? 0).map { $0 + " style" }
  }
}

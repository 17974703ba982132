// `bench` and `eraser init` took their model as --model in version 0.1, and take it as a word like every command.
enum FormerModelOption {
  /// The words of a command line with the model at their end where they have it as --model.
  static func replaced(in given: [String]) -> [String] {
    guard given.first == "bench" || given.prefix(2) == ["eraser", "init"],
      let place = given.firstIndex(where: { $0 == "--model" || $0.hasPrefix("--model=") })
    else { return given }
    var words = given
    let option = words.remove(at: place)
    let model: String
    if option != "--model" {
      model = String(option.dropFirst("--model=".count))
    } else if place < words.count {
      model = words.remove(at: place)
    } else {
      return given
    }
    CommonOptions.former("--model \(model)", "\(model) without an option's name")
    return words + [model]
  }
}

/// The part after the colon of `--judge`. A file or folder that it names is there before a judge is opened.
public enum JudgeArgument: Sendable, Hashable {
  /// The scheme stands alone.
  case none
  /// A file. `ending` follows it in the usage, e.g. `.csv`, or `@PROFILE`.
  case file(ending: String = "")
  case folder

  /// The words for the place in usages; nil where there is none.
  var usage: String? {
    switch self {
    case .none: nil
    case .file(let ending): "FILE\(ending)"
    case .folder: "FOLDER"
    }
  }
}

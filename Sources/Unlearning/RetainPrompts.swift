internal import Editing
internal import Foundation
internal import Torch
internal import Training

/// Prompts that a model should go on drawing: the prompts of the request, a file's, or "a photo of a ..." for the 80
/// categories of COCO (Lin et al., ECCV 2014), without those that mention a concept to forget.
enum RetainPrompts {
  /// - Parameter file: a table of prompts (CSV); empty for none
  /// - Throws: an error of the file, or ``LetheError`` when nothing is left of it
  static func of(_ erasure: Erasure, file: String) throws -> [String] {
    let prompts =
      if !file.isEmpty {
        try PromptTable(contentsOf: file.filePlace).rows.map(\.prompt)
      } else if !erasure.preserve.isEmpty {
        erasure.preserve
      } else {
        KnownSubjects.everyday.map {
          "a photo of \(Captions.withArticle($0, plurals: KnownSubjects.plurals))"
        }
      }
    let kept = Array(Set(prompts.filter { !erasure.asks($0) })).sorted()
    guard !kept.isEmpty else {
      throw LetheError.request(
        "every prompt of \(file.isEmpty ? "--preserve" : file) mentions a concept to forget; give one that does not"
      )
    }
    return kept
  }
}

internal import Editing
internal import Foundation
internal import Torch
internal import Training

/// Prompts that a model should go on drawing: the prompts of the request, a file's, or
/// "a photo of a ..." for the 80 categories of COCO (Lin et al., ECCV 2014), without those that mention a concept to
/// forget.
enum RetainPrompts {
  static let categories = [
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog",
    "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange",
    "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant",
    "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
  ]

  static let plurals = ["skis", "scissors"]

  /// - Parameter file: a table of prompts (CSV); empty for none
  /// - Throws: an error of the file, or ``LetheError`` when nothing is left of it
  static func of(_ erasure: Erasure, file: String) throws -> [String] {
    let prompts =
      if !file.isEmpty {
        try PromptTable(contentsOf: URL(fileURLWithPath: file)).rows.map(\.prompt)
      } else if !erasure.preserve.isEmpty {
        erasure.preserve
      } else {
        categories.map { "a photo of \(Captions.withArticle($0, plurals: plurals))" }
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

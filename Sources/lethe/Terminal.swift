// Every line that the program shows. Names, captions and cards come from files of strangers.
import Foundation
import Torch

/// Writes lines to the standard output.
func print(_ text: String, terminator: String = "\n") {
  Swift.print(text.printable(hasLines: true), terminator: terminator)
}

/// Writes one line to the standard error.
func warn(_ sentence: String) {
  FileHandle.standardError.write(Data((sentence.printable() + "\n").utf8))
}

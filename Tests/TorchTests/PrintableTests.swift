import Testing
import Torch

@Suite struct PrintableTests {
  @Test func escapesAreSpelledOut() {
    #expect("fox\u{1B}[31m".printable() == "fox\\u{1B}[31m")
    #expect("a\nb\r\u{7F}\u{9B}2J".printable() == "a\\u{A}b\\u{D}\\u{7F}\\u{9B}2J")
    #expect("gp\u{202E}gnj".printable() == "gp\\u{202E}gnj")
    #expect("a\tb\n\u{1B}".printable(hasLines: true) == "a\tb\n\\u{1B}")
    let plain = "ein schöner 狐, 👩‍👩‍👧 ± █░"
    #expect(plain.printable() == plain)
  }
}

// Gives mutated files to the program's readers, many in one process. scripts/torture starts it, and starts it again
// after an input that ended it.
//
//     torture mutate --from N --until M --seed S --fixtures DIR --scratch DIR --state FILE --minutes M
//     torture formats --fixtures DIR --scratch DIR
//
// Before each input its number and format are written to the state file; at the end, and every thousand inputs, a line
// with the counts of each format goes to the standard output.
import Foundation
import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

func option(_ name: String) -> String? {
  let arguments = CommandLine.arguments
  guard let i = arguments.firstIndex(of: "--\(name)"), i + 1 < arguments.count else { return nil }
  return arguments[i + 1]
}

func number(_ name: String, _ usual: Int) -> Int { option(name).flatMap { Int($0) } ?? usual }

/// Ends the process by a signal after seconds of processor time; 0 ends the limit.
func limitTime(_ seconds: Int) {
  var timer = itimerval()
  timer.it_value.tv_sec = seconds
  #if canImport(Glibc)
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  #else
    setitimer(ITIMER_PROF, &timer, nil)
  #endif
}

func mutate() throws {
  Runtime.threads = 1
  let scratch = URL(fileURLWithPath: option("scratch") ?? "/tmp/torture")
  let fixtures = URL(fileURLWithPath: option("fixtures") ?? "Tests/Fixtures")
  let formats = try Corpus(fixtures: fixtures, scratch: scratch).formats()
  if CommandLine.arguments.dropFirst().first == "formats" {
    for format in formats.all { print("\(format.name)\t\(format.share)") }
    return
  }
  /// Inputs of a format by outcome.
  var counts: [String: [String: Int]] = [:]
  func report() {
    print("counts \(JSON.object(counts.mapValues { .object($0.mapValues(JSON.int)) }).compact)")
    counts = [:]
    fflush(nil)
  }
  let (from, until) = (number("from", 0), number("until", 1000))
  let seed = UInt64(number("seed", 1))
  let end = Date().addingTimeInterval(60 * Double(number("minutes", 100_000)))
  let state = open(option("state") ?? "\(scratch.path).state", O_RDWR | O_CREAT | O_TRUNC, 0o644)
  func tell(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = ftruncate(state, 0)
    _ = pwrite(state, line, line.count, 0)
  }
  for input in from..<until {
    // An input that takes 20 s of processor time, or waits for ten minutes, ends the process, which its number tells
    // of.
    limitTime(20)
    alarm(600)
    let start = clock()
    let (format, outcome) = try formats.run(input, seed: seed) {
      tell("\(input)\t\($0.name)\t\($0.place.path)")
    }
    // POSIX has a million of its ticks in a second.
    let seconds = Double(clock() - start) / 1e6
    switch outcome {
    case .taken: counts[format.name, default: [:]]["taken", default: 0] += 1
    case .named: counts[format.name, default: [:]]["named", default: 0] += 1
    case .refused: counts[format.name, default: [:]]["refused", default: 0] += 1
    case .raw(let text):
      counts[format.name, default: [:]]["raw", default: 0] += 1
      print("raw \(input)\t\(format.name)\t\(text.replacing("\n", with: " "))")
    }
    if seconds > 5 { print("slow \(input)\t\(format.name)\t\(seconds)") }
    if (input + 1) % 1000 == 0 { report() }
    if Date() > end { break }
  }
  limitTime(0)
  alarm(0)
  report()
  tell("done")
}

do { try mutate() } catch {
  print("torture: \(error)")
  exit(1)
}

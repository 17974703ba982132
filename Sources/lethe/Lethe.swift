import ArgumentParser
import Foundation
import Torch
import Training

@main
struct Lethe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lethe",
    abstract: "Makes diffusion models forget, and proves it.",
    subcommands: [Train.self])
}

import ArgumentParser
import Foundation
import Processes
import Torch
import Training
import Workbench

struct LaunchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "launch",
    abstract: "Run a command in several processes that share its work.",
    help: """
      Examples:
        lethe launch -n 2 -- evaluate runs/esd-fox
        lethe launch -n 4 -- erase Models/emoji --method erasediff --concept fox --out runs/fox

      The processes draw, judge and attack in turn, and train on parts of each batch. The results are those of one \
      process. The cores of the machine are shared out; with --device cuda each process takes a GPU of its own. On \
      several machines torchrun, Slurm or Kubernetes starts the processes: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR \
      and MASTER_PORT in the environment of any command say where it stands among them.
      """)

  @Option(name: [.customShort("n"), .long], help: "Number of processes, 1 to 256.")
  var processes = 2
  @Option(
    help:
      "Library that exchanges tensors of GPUs: gloo through the memory of the machine, nccl from GPU to GPU. nccl where each process has an NVIDIA GPU of its own, when left out."
  )
  var backend: RankBackend?
  @Argument(
    parsing: .postTerminator,
    help: "Command of lethe with its options, after two dashes.")
  var command: [String] = []

  func run() throws {
    do {
      try accept("--processes", processes, .whole(1...256))
      guard let name = command.first else {
        throw LetheError.badValue(
          "launch", "no command is given; give it after --, e.g. -- evaluate runs/fox")
      }
      guard name != Self.configuration.commandName else {
        throw LetheError.badValue("launch", "'launch' starts no launch; give another command")
      }
      var ranks = LocalRanks(
        processes,
        program: OwnProgram.url,
        arguments: command)
      ranks.backend = backend
      let code = try ranks(isInterrupted: { Interrupt.isRequested }) { warn("lethe: \($0)") }
      if code == LetheError.Kind.interrupted.rawValue { Failure.sayHowToGoOn() }
      guard code == 0 else { throw ExitCode(code) }
    } catch let error as LetheError {
      Failure.report(error)
      throw Failure.exitCode(error)
    }
  }
}

extension RankBackend: ExpressibleByArgument {}

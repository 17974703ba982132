import ArgumentParser
import Foundation
import ModelHub
import Torch
import Training
import Workbench

struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Fetch a model from a hub into the shared cache.",
    help: """
      Examples:
        lethe pull CompVis/stable-diffusion-v1-4
        lethe pull stabilityai/sdxl-turbo --variant fp16
        lethe generate CompVis/stable-diffusion-v1-4 --prompt "a bench in a park" --out runs/bench

      Only configurations, tokenizers and safetensors files are fetched, into the cache that other programs use \
      (HF_HOME, HF_HUB_CACHE). A model of the cache is then named as on the hub; a folder of the same name wins. \
      HF_ENDPOINT is another hub's address, HF_TOKEN a token. The same command goes on with an interrupted transfer. \
      No other command fetches anything.
      """)

  @Argument(help: "Name on the hub: ORG/NAME or ORG/NAME@revision.")
  var name: String
  @Option(help: "Variant of the weights' files, e.g. fp16. The full ones when left out.")
  var variant: String?
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let pull = try Pull(name, variant: variant)
      let isQuiet = common.isQuiet
      if !isQuiet { ProgressLine.shared.begin() }
      let folder = try pull(Hub(), HubCache()) { done, total in
        guard !isQuiet else { return }
        ProgressLine.shared.show(
          RunProgress("fetched, MB", done / 1_000_000, max(total / 1_000_000, 1)))
      }
      try common.show(["folder": .string(folder.path)]) { print(folder.path) }
      common.next("doctor", name)
    }
  }
}

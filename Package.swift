// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Headers and libraries that `make setup` laid out. A checkout that SwiftPM made for another package
/// has no set-up of its own: its flags come from .pc files that PKG_CONFIG_PATH names.
let deps = "\(Context.packageDirectory)/.deps"
let isCheckout = ["/.build/checkouts/", "/SourcePackages/checkouts/"].contains {
  Context.packageDirectory.contains($0)
}
let headers = ["-I\(deps)/include"]
let linkFlags: [LinkerSetting] =
  isCheckout
  ? [] : [.unsafeFlags(["-L\(deps)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(deps)/lib"])]

// Loading libtorch takes 0.3 s, and its OpenMP reads the environment while it loads. So the C++ of
// CTorch is a dynamic library, a product of the package Sources/CTorch, and the target CTorch holds
// lazy.c alone, which opens that library at the first call. SwiftPM links every library that it
// builds for a target; an executable of another package it only builds. Workbench, the last layer,
// therefore depends on `torch-version`, which links the library, and the other layers need not wait
// for the C++. A checkout may have no local packages: it links the C++.
let ctorch: Target =
  isCheckout
  ? .target(
    name: "CTorch", dependencies: ["CLibTorch"], exclude: ["Package.swift", "library", "lazy.c"],
    sources: ["library.cpp"], cxxSettings: [.headerSearchPath("declared")])
  : .target(
    name: "CTorch", exclude: ["Package.swift", "library"], sources: ["lazy.c"],
    linkerSettings: linkFlags)
let localPackages: [Package.Dependency] =
  isCheckout ? [] : [.package(path: "Sources/TorchVersion")]
let libtorchLibrary: [Target.Dependency] =
  isCheckout ? [] : [.product(name: "torch-version", package: "TorchVersion")]

/// A C library: its header and link name stand in `Sources/NAME/module.modulemap`.
func library(_ name: String, _ pkgConfig: String, apt: String, brew: String) -> Target {
  .systemLibrary(
    name: name, pkgConfig: isCheckout ? pkgConfig : nil,
    providers: [.apt([apt]), .brew([brew])])
}

/// The arrows of docs/contributing/architecture.md; scripts/check-imports.sh holds the sources to them.
func layer(
  _ name: String, on dependencies: [Target.Dependency], settings: [SwiftSetting] = strict
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// Layers that call tensor operators and write files spend their time in libtorch. Without the optimiser they compile
/// in a third of the time and run as fast. Loops over bytes live below them, in Torch, Tokenizers and Pictures.
let glue =
  strict + (isCheckout ? [] : [.unsafeFlags(["-Onone"], .when(configuration: .release))])

/// The layers that every operator and every byte passes are always optimised: tests of tiny models spend their time
/// there. `-Xfrontend` counts more than an `-Onone` of the command line, which `make build` gives to all that has no
/// need of the optimiser: glue, the parser of the command line, templates and the studio's sockets.
let engine = strict + (isCheckout ? [] : [.unsafeFlags(["-Xfrontend", "-O"])])

func suite(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: [],
    swiftSettings: strict)
}

let package = Package(
  name: "lethe",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Lethe", targets: ["Lethe"]),
    // The command line, for programs that bring methods of their own.
    .library(name: "LetheCommands", targets: ["LetheCommands"]),
    .executable(name: "lethe", targets: ["Program"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ] + localPackages,
  targets: [
    .systemLibrary(name: "CLibTorch", pkgConfig: isCheckout ? "libtorch" : nil),
    ctorch,
    layer("Torch", on: ["CTorch"], settings: engine),
    layer("TorchNN", on: ["Torch"], settings: engine),
    layer("Processes", on: ["Torch"], settings: engine),
    library("CPNG", "libpng", apt: "libpng-dev", brew: "libpng"),
    library("CTurboJPEG", "libturbojpeg", apt: "libturbojpeg0-dev", brew: "jpeg-turbo"),
    library("CWebP", "libwebp", apt: "libwebp-dev", brew: "webp"),
    library("COpenSSL", "libcrypto", apt: "libssl-dev", brew: "openssl@3"),
    .target(
      name: "CSHA256", dependencies: ["COpenSSL"],
      cSettings: isCheckout ? [] : [.unsafeFlags(headers)],
      linkerSettings: [.linkedLibrary("crypto", .when(platforms: [.linux]))]),
    // The vocabulary of CLIP's tokenizer: a C string compiles in no time.
    .target(name: "CVocabulary"),
    layer("Tokenizers", on: ["Torch", "CVocabulary"], settings: engine),
    layer("Pictures", on: ["Torch", "CPNG", "CTurboJPEG", "CWebP"], settings: engine),
    layer("Diffusion", on: ["TorchNN", "Processes", "Tokenizers", "Pictures"], settings: glue),
    layer("Training", on: ["Diffusion"], settings: glue),
    layer(
      "Editing",
      on: ["Training", .target(name: "CSHA256", condition: .when(platforms: [.linux]))],
      settings: glue),
    layer("Unlearning", on: ["Editing"], settings: glue),
    layer("Attacks", on: ["Editing"], settings: glue),
    layer("Evaluation", on: ["Editing"], settings: glue),
    layer(
      "Reports", on: ["Evaluation", .product(name: "Mustache", package: "swift-mustache")],
      settings: glue),
    layer("ModelHub", on: ["Editing"], settings: glue),
    layer(
      "Workbench", on: ["Unlearning", "Attacks", "Reports", "ModelHub"] + libtorchLibrary,
      settings: glue),
    layer("Workflows", on: ["Workbench"], settings: glue),
    layer("Recipes", on: ["Workflows"], settings: glue),
    layer("Benchmarks", on: ["Workflows"], settings: glue),
    layer("Auditing", on: ["Workflows"], settings: glue),
    // The library's face. Its folder and the program's module have other names, because Lethe and lethe are one
    // name on a file system that ignores case.
    .target(
      name: "Lethe", dependencies: ["Workflows", "Recipes", "Benchmarks", "Auditing"],
      path: "Sources/Library", swiftSettings: strict),
    // A web application over the same folders. Only the program links it and its server.
    layer(
      "Studio",
      on: [
        "Workflows", .product(name: "FlyingSocks", package: "FlyingFox"),
      ], settings: glue),
    // Requests and recipes in YAML. Only the program links its parser.
    layer("YAML", on: ["Torch", .product(name: "Yams", package: "Yams")], settings: glue),
    .target(
      name: "LetheCommands",
      dependencies: [
        "Recipes", "Benchmarks", "Auditing", "Studio", "YAML",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/lethe", swiftSettings: glue),
    .executableTarget(
      name: "Program", dependencies: ["LetheCommands"], path: "Sources/Program"),
    // Mutated files for every reader (`make torture`).
    .executableTarget(
      name: "torture", dependencies: ["Recipes", "YAML"], path: "Sources/Torture",
      swiftSettings: strict),
    // The code of the library's articles, which sees public declarations alone.
    .target(
      name: "OutsideMethod", dependencies: ["Lethe"],
      path: "Examples/OutsideMethod/Sources/OutsideMethod", packageAccess: false),
    .target(
      name: "TestSupport", dependencies: ["Diffusion", "Processes"], path: "Tests/TestSupport",
      swiftSettings: strict),
    suite("TorchTests", on: ["Torch"]),
    suite("TorchNNTests", on: ["TorchNN"]),
    suite("ProcessesTests", on: ["Processes", "Diffusion"]),
    suite("TokenizersTests", on: ["Tokenizers"]),
    suite("PicturesTests", on: ["Pictures"]),
    suite("DiffusionTests", on: ["Diffusion"]),
    suite("TrainingTests", on: ["Training"]),
    suite("EditingTests", on: ["Editing"]),
    suite("UnlearningTests", on: ["Unlearning"]),
    suite("AttacksTests", on: ["Attacks"]),
    suite("EvaluationTests", on: ["Evaluation"]),
    suite("ReportsTests", on: ["Reports"]),
    suite("ModelHubTests", on: ["ModelHub", "Workflows"]),
    .target(
      name: "WorkbenchSupport", dependencies: ["Workflows", "TestSupport"],
      path: "Tests/WorkbenchSupport", swiftSettings: strict),
    suite("WorkbenchTests", on: ["Workbench", "WorkbenchSupport", "YAML", "OutsideMethod"]),
    suite("WorkflowsTests", on: ["Workflows", "WorkbenchSupport", "YAML", "OutsideMethod"]),
    suite("RecipesTests", on: ["Recipes", "WorkbenchSupport"]),
    suite("BenchmarksTests", on: ["Benchmarks", "WorkbenchSupport", "OutsideMethod"]),
    suite("AuditingTests", on: ["Auditing", "WorkbenchSupport"]),
    suite("YAMLTests", on: ["YAML"]),
    suite("StudioTests", on: ["Studio", "Program"]),
    suite("CommandTests", on: ["Program", "LetheCommands", "OutsideMethod"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)

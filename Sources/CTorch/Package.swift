// swift-tools-version: 6.1
// The C++ over libtorch as a library of its own, which lazy.c opens; ../../Package.swift says why.
import PackageDescription

let libtorch = "\(Context.packageDirectory)/../../.deps/libtorch"

let package = Package(
  name: "CTorch",
  platforms: [.macOS(.v15)],
  products: [.library(name: "LetheTorch", type: .dynamic, targets: ["LetheTorch"])],
  targets: [
    .target(
      name: "LetheTorch", path: ".",
      exclude: [
        "lazy.c", "autograd.cpp", "call.cpp", "device.cpp", "generator.cpp", "graph.cpp",
        "processes.cpp",
        "rehearsal.cpp", "tensor.cpp",
      ],
      sources: ["library.cpp"], publicHeadersPath: "library",
      cxxSettings: [
        .headerSearchPath("include"), .headerSearchPath("declared"),
        // Optimised in debug builds too: every operator passes here.
        .unsafeFlags([
          "-O2", "-I\(libtorch)/include", "-I\(libtorch)/include/torch/csrc/api/include",
        ]),
      ],
      linkerSettings: [
        .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
      ])
  ],
  cxxLanguageStandard: .cxx20
)

// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "batch-peers", targets: ["batch-peers"]),
    .executable(name: "request-files", targets: ["request-files"]),
    .executable(name: "result-lines", targets: ["result-lines"]),
    .executable(name: "row-account", targets: ["row-account"]),
    .executable(name: "transport-calls", targets: ["transport-calls"]),
  ],
  dependencies: [
    .package(name: "swift-openai-batch", path: "..", traits: [])
  ],
  targets: [
    .target(name: "Measuring"),
    .executableTarget(
      name: "batch-peers",
      dependencies: [
        "Measuring", library("OpenAIBatch"), library("OpenAIBatchCurl"), library("OpenAIBatchURLSession"),
      ]),
    .executableTarget(
      name: "request-files", dependencies: ["Measuring", library("OpenAIBatchJobs")]),
    .executableTarget(
      name: "result-lines",
      dependencies: ["Measuring", library("OpenAIBatchJSON"), library("OpenAIBatchModels")]),
    .executableTarget(name: "row-account", dependencies: ["Measuring", library("OpenAIBatch")]),
    .executableTarget(
      name: "transport-calls",
      dependencies: [
        "Measuring", library("OpenAIBatchTransport"), library("OpenAIBatchCurl"),
        library("OpenAIBatchURLSession"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

func library(_ name: String) -> Target.Dependency {
  .product(name: name, package: "swift-openai-batch")
}

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}

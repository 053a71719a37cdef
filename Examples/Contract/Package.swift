// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "contract",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swift-openai-batch", path: "../..", traits: [])
  ],
  targets: [
    .executableTarget(
      name: "contract",
      dependencies: [
        .product(name: "OpenAIBatch", package: "swift-openai-batch"),
        .product(name: "OpenAIBatchCurl", package: "swift-openai-batch"),
        .product(name: "OpenAIBatchURLSession", package: "swift-openai-batch"),
        .product(name: "OpenAIBatchSimulator", package: "swift-openai-batch"),
      ])
  ]
)

// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "swift-openai-batch",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .visionOS(.v2)],
  products: [
    .library(name: "OpenAIBatch", targets: ["OpenAIBatch"]),
    .library(name: "OpenAIBatchCurl", targets: ["OpenAIBatchCurl"]),
    .library(name: "OpenAIBatchURLSession", targets: ["OpenAIBatchURLSession"]),
    .library(name: "OpenAIBatchAsyncHTTPClient", targets: ["OpenAIBatchAsyncHTTPClient"]),
    .library(name: "OpenAIBatchJobs", targets: ["OpenAIBatchJobs"]),
    .library(name: "OpenAIBatchModels", targets: ["OpenAIBatchModels"]),
    .library(name: "OpenAIBatchJSON", targets: ["OpenAIBatchJSON"]),
    .library(name: "OpenAIBatchTransport", targets: ["OpenAIBatchTransport"]),
    .library(name: "OpenAIBatchPagination", targets: ["OpenAIBatchPagination"]),
    .library(name: "OpenAIBatchMiddleware", targets: ["OpenAIBatchMiddleware"]),
    .library(name: "OpenAIBatchConformance", targets: ["OpenAIBatchConformance"]),
    .library(name: "OpenAIBatchSimulator", targets: ["OpenAIBatchSimulator"]),
    .library(name: "OpenAIBatchSimulatorServer", targets: ["OpenAIBatchSimulatorServer"]),
    .executable(name: "openai-batch", targets: ["openai-batch"]),
  ],
  traits: [
    .trait(
      name: "Simulator",
      description: "The simulator's HTTP server, and the commands `demo` and `simulate`. Fetches swift-nio."),
    .trait(
      name: "AsyncHTTPClient",
      description: "AsyncHTTPClientTransport. Fetches async-http-client and what that needs."),
    .default(enabledTraits: ["Simulator"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    // Floor 0
    .target(name: "OpenAIBatchJSON"),
    .target(name: "OpenAIBatchTransport", dependencies: [httpTypes]),
    .target(name: "OpenAIBatchPagination"),
    .systemLibrary(
      name: "CLibcurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    .target(name: "COpenAIBatchCurl", dependencies: ["CLibcurl"]),

    // Floor 1
    .target(name: "OpenAIBatchModels", dependencies: ["OpenAIBatchJSON"]),
    .target(name: "OpenAIBatchMiddleware", dependencies: ["OpenAIBatchTransport", logging]),
    .target(name: "OpenAIBatchURLSession", dependencies: ["OpenAIBatchTransport"]),
    .target(name: "OpenAIBatchCurl", dependencies: ["OpenAIBatchTransport", "COpenAIBatchCurl"]),
    .target(
      name: "OpenAIBatchAsyncHTTPClient", dependencies: ["OpenAIBatchTransport"] + asyncHTTPClient),

    // Floor 2
    .target(
      name: "OpenAIBatch",
      dependencies: [
        "OpenAIBatchJSON", "OpenAIBatchTransport", "OpenAIBatchPagination", "OpenAIBatchModels",
        "OpenAIBatchMiddleware",
      ]),

    // Floor 3
    .target(name: "OpenAIBatchJobs", dependencies: ["OpenAIBatch"]),
    .target(
      name: "OpenAIBatchSimulator",
      dependencies: ["OpenAIBatchModels", "OpenAIBatchTransport", "OpenAIBatchJSON"]),
    .target(name: "OpenAIBatchConformance", dependencies: ["OpenAIBatchTransport"]),

    // Floor 4
    .target(
      name: "OpenAIBatchSimulatorServer",
      dependencies: [
        "OpenAIBatchSimulator",
        .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Simulator"])),
        .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Simulator"])),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Simulator"])),
      ]),

    // Floor 5
    .executableTarget(
      name: "openai-batch",
      dependencies: [
        "OpenAIBatchJobs", "OpenAIBatchJSON", "OpenAIBatchSimulatorServer", "OpenAIBatchCurl",
        "OpenAIBatchURLSession", "OpenAIBatchAsyncHTTPClient",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests
    .testTarget(name: "OpenAIBatchTransportTests", dependencies: ["OpenAIBatchTransport"]),
    .testTarget(
      name: "OpenAIBatchURLSessionTests", dependencies: ["OpenAIBatchURLSession", "OpenAIBatchConformance"]),
    .testTarget(
      name: "OpenAIBatchCurlTests", dependencies: ["OpenAIBatchCurl", "OpenAIBatchConformance"],
      // A test puts a slow name resolver in the place of the C library's, for libcurl too.
      linkerSettings: [
        .unsafeFlags(["-Xlinker", "--export-dynamic-symbol=getaddrinfo"], .when(platforms: [.linux]))
      ]),
    .testTarget(
      name: "OpenAIBatchAsyncHTTPClientTests",
      dependencies: [
        "OpenAIBatchAsyncHTTPClient", "OpenAIBatchConformance",
        .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["AsyncHTTPClient"])),
      ] + asyncHTTPClient),
    .testTarget(name: "OpenAIBatchConformanceTests", dependencies: ["OpenAIBatchConformance"]),
    .testTarget(name: "OpenAIBatchSimulatorTests", dependencies: ["OpenAIBatchSimulator"]),
    .testTarget(
      name: "OpenAIBatchSimulatorServerTests",
      dependencies: ["OpenAIBatchSimulatorServer"]),
    .testTarget(name: "OpenAIBatchJSONTests", dependencies: ["OpenAIBatchJSON"]),
    .testTarget(name: "OpenAIBatchPaginationTests", dependencies: ["OpenAIBatchPagination"]),
    .testTarget(
      name: "OpenAIBatchModelsTests", dependencies: ["OpenAIBatchModels"], resources: [.copy("Golden")]),
    .testTarget(
      name: "OpenAIBatchMiddlewareTests",
      dependencies: [
        "OpenAIBatchMiddleware", "OpenAIBatchTransport", logging,
        .product(name: "InMemoryLogging", package: "swift-log"),
      ]),
    .testTarget(
      name: "OpenAIBatchTests",
      dependencies: [
        "OpenAIBatch", "OpenAIBatchCurl", "OpenAIBatchURLSession", "OpenAIBatchSimulator",
        "OpenAIBatchConformance",
        .product(name: "InMemoryLogging", package: "swift-log"),
      ]),
    .testTarget(
      name: "OpenAIBatchJobsTests", dependencies: ["OpenAIBatchJobs", "OpenAIBatchSimulator"]),
    .testTarget(
      name: "ReadmeTests",
      dependencies: [
        "OpenAIBatch", "OpenAIBatchCurl", "OpenAIBatchURLSession", "OpenAIBatchJobs", "OpenAIBatchSimulator",
        "OpenAIBatchConformance", "openai-batch",
      ]),
    .testTarget(
      name: "openai-batchTests",
      dependencies: ["openai-batch", "OpenAIBatchSimulatorServer", "OpenAIBatchConformance"]),
  ],
  swiftLanguageModes: [.v6]
)

var httpTypes: Target.Dependency { .product(name: "HTTPTypes", package: "swift-http-types") }
/// What the trait of that name fetches.
var asyncHTTPClient: [Target.Dependency] {
  [
    .product(
      name: "AsyncHTTPClient", package: "async-http-client", condition: .when(traits: ["AsyncHTTPClient"])),
    .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["AsyncHTTPClient"])),
    .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["AsyncHTTPClient"])),
    .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["AsyncHTTPClient"])),
  ]
}
var logging: Target.Dependency { .product(name: "Logging", package: "swift-log") }

// Set in CI: a warning ends CI's build, not that of somebody with a newer compiler.
let isStrict = Context.environment["OPENAI_BATCH_STRICT"] == "1"

// Set in CI for a trait, whose tests alone are built then.
if let tests = Context.environment["OPENAI_BATCH_ONLY_TESTS"] {
  package.targets.removeAll { $0.type == .test && $0.name != tests }
}

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
  if isStrict { target.swiftSettings?.append(.treatAllWarnings(as: .error)) }
}

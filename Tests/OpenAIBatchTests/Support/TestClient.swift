// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

/// The wall time of a virtual clock's beginning, in seconds since 1970.
let testEpoch = 1_800_000_000.0

extension BatchClient {
  /// A client in virtual time, without jitter.
  static func test(
    _ transport: any Transport, clock: VirtualClock = VirtualClock(),
    baseURL: String = "https://api.example/v1", configure: (inout Configuration) -> Void = { _ in }
  ) -> BatchClient {
    var configuration = Configuration(apiKey: "sk-test", baseURL: baseURL)
    configuration.clock = PolicyClock(clock) { testEpoch + clock.elapsed / .seconds(1) }
    configuration.random = { 0.5 }
    configure(&configuration)
    return BatchClient(configuration: configuration, transport: transport)
  }
}

/// The error of a call that must fail.
func failure<Value>(
  _ body: () async throws -> Value, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> BatchClientError {
  do {
    let value = try await body()
    Issue.record("it returned \(value)", sourceLocation: sourceLocation)
  } catch let error as BatchClientError {
    return error
  }
  throw UnexpectedSuccess()
}

struct UnexpectedSuccess: Error {}

/// A folder of the test's own, removed with the last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("batch-tests-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names of what is in it.
  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

  func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
  }
}

/// JSON text of a value that `JSONSerialization` knows.
func json(_ value: Any) throws -> String {
  String(
    decoding: try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed]),
    as: UTF8.self)
}

/// JSON text as a value that compares by content.
func object(_ bytes: [UInt8]) throws -> NSDictionary {
  try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import Testing

/// A JSON file of the folder `Golden`, named `Folder/file` without its extension.
struct GoldenFile {
  let bytes: [UInt8]

  init(_ name: String) throws {
    let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    bytes = [UInt8](try Data(contentsOf: folder.appending(path: "\(name).json")))
  }

  func decode<Value: Decodable>(as type: Value.Type) throws -> Value {
    try JSONText.decode(type, from: bytes[...])
  }

  /// The names of all files in one folder of `Golden`.
  static func names(in folder: String) throws -> Set<String> {
    let root = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    let files = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
    return Set(files.map { "\(folder)/\($0.dropLast(".json".count))" })
  }
}

/// Any JSON text as an object that compares by meaning.
func jsonObject(_ bytes: [UInt8]) throws -> NSObject {
  try #require(try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) as? NSObject)
}

/// The moment `seconds` after the creation of the golden batches.
func moment(_ seconds: Double = 0) -> Date { Date(timeIntervalSince1970: 1_790_000_000 + seconds) }

/// Decodes from a literal.
func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws(JSONFailure) -> Value {
  try JSONText.decode(type, from: Array(json.utf8)[...])
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

/// Models read themselves from our own scanner, and come out of any other decoder the same.
struct ForeignDecoderTests {
  @Test func batches() throws {
    for folder in ["States", "Providers"] {
      for name in try GoldenFile.names(in: folder) {
        let file = try GoldenFile(name)
        let ours = try? JSONText.decode(Batch.self, from: file.bytes[...])
        let foundations = try? JSONDecoder().decode(Batch.self, from: Data(file.bytes))
        #expect(ours == foundations, "\(name)")
      }
    }
  }

  @Test func aCopyOnDiskComesBack() throws {
    struct Store: Codable, Equatable { var batches: [Batch] }
    let batch = try GoldenFile("States/completed").decode(as: Batch.self)
    let list = try PropertyListEncoder().encode(Store(batches: [batch]))
    #expect(try PropertyListDecoder().decode(Store.self, from: list) == Store(batches: [batch]))
  }

  @Test func anErrorSaysWhere() throws {
    let json = Data(#"{"batches":[{"id":"a"},{"id":"b","created_at":"soon"}]}"#.utf8)
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([String: [Batch]].self, from: json)
    }
    guard case .dataCorrupted(let place)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(place.codingPath.map(\.stringValue) == ["batches", "Index 1", "created_at"])
    #expect(place.debugDescription == "the value is not a moment in time")
  }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

@testable import OpenAIBatchJobs

@Suite struct JobKeyTests {
  private let fixture: JobFixture

  init() throws {
    fixture = try JobFixture()
    let row = #"{"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"m"}}"#
    try Data(row.utf8).write(to: URL(fileURLWithPath: fixture.input))
  }

  private func key(_ configure: (inout BatchJob.Options) -> Void = { _ in }) throws -> JobKey {
    var options = BatchJob.Options()
    configure(&options)
    return try JobKey(of: RequestFile(checking: fixture.input), options)
  }

  /// SHA-256 over the input, then each text with its length: `13:/v1/responses3:24h`, `3:key4:mine`. A version that gave
  /// another key would pay for a running job again.
  @Test func isTheSameOnEachMachineAndInEachVersion() throws {
    #expect(try key().mark == "8bf350ea38316457680936d9a64ff644c3f2e5a216ea4a1ed75a97df55693249")
    #expect(try key().uploadName == "requests-8bf350ea38316457680936d9a64ff644.jsonl")
    let own = try key { $0.key = "mine" }
    #expect(own.mark == "mine")
    #expect(own.uploadName == "requests-2a131c378d1675d111f0626921375da7.jsonl")
  }

  @Test func tellsPurposesApart() throws {
    let marks = try [
      key(), key { $0.metadata = ["a": "b"] }, key { $0.metadata = ["a": "b", "c": ""] },
      key { $0.completionWindow = "48h" },
    ].map(\.mark)
    #expect(Set(marks).count == marks.count)
  }

  @Test func endsWithItsTask() async throws {
    let file = try RequestFile(checking: fixture.input)
    let hashing = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try JobKey(of: file, BatchJob.Options())
    }
    let error = try #require(await #expect(throws: BatchClientError.self) { try await hashing.value })
    #expect(error.isCancellation)
  }
}

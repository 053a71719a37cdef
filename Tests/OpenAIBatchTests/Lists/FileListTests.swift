// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

@Suite struct FileListTests {
  private func transport(total: Int) -> ScriptedTransport {
    ScriptedTransport { request in
      let query = URLComponents(string: "http://h\(request.target)")?.queryItems ?? []
      func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
      let start = value("after").flatMap { Int($0.dropFirst("file-".count)) }.map { $0 + 1 } ?? 0
      let end = min(start + (value("limit").flatMap { Int($0) } ?? 0), total)
      let data = (start..<end).map { fileText(id: "file-\($0)") }.joined(separator: ",")
      return Reply(200, "{\"data\":[\(data)],\"has_more\":\(end < total)}")
    }
  }

  @Test func walksAllFilesOfAPurpose() async throws {
    let transport = transport(total: 2500)
    var ids: [String] = []
    for try await file in BatchClient.test(transport).files(purpose: .batch) { ids.append(file.id.rawValue) }
    #expect(ids == (0..<2500).map { "file-\($0)" })
    #expect(
      transport.requests.map(\.target) == [
        "/v1/files?limit=1000&order=desc&purpose=batch",
        "/v1/files?after=file-999&limit=1000&order=desc&purpose=batch",
        "/v1/files?after=file-1999&limit=1000&order=desc&purpose=batch",
      ])
  }

  @Test func goesOnWhereItIsTold() async throws {
    let transport = transport(total: 5)
    let files = BatchClient.test(transport).files(after: "file-1", pageSize: 2, order: .ascending)
    var ids: [String] = []
    for try await file in files { ids.append(file.id.rawValue) }
    #expect(ids == ["file-2", "file-3", "file-4"])
    #expect(transport.requests.first?.target == "/v1/files?after=file-1&limit=2&order=asc")
  }

  @Test(arguments: [0, 10_001, -1])
  func checksThePageSizeBeforeSending(limit: Int) async throws {
    let transport = transport(total: 5)
    let client = BatchClient.test(transport)
    let one = try await failure { try await client.listFiles(limit: limit) }
    let all = try await failure { for try await _ in client.files(pageSize: limit) {} }
    #expect(one.kind == .invalidRequest && all.kind == .invalidRequest)
    #expect(one.message == "limit is \(limit); it must be 1…10000.")
    #expect(transport.requests.isEmpty)
  }

  @Test func refusesACursorThatComesAgain() async throws {
    let transport = ScriptedTransport { _ in Reply(200, "{\"data\":[\(fileText())],\"has_more\":true}") }
    let error = try await failure { for try await _ in BatchClient.test(transport).files() {} }
    #expect(error.kind == .malformedResponse && error.operation == "listFiles")
  }
}

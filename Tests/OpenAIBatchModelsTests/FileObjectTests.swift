// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct FileObjectTests {
  static let files: [String: FileObject] = [
    "Files/batch_input": FileObject(
      id: "file-In7Qx2LmV4RkT9WbZpY3Ca", bytes: 209_715_200, createdAt: moment(),
      expiresAt: moment(2_592_000),
      filename: "requests.jsonl", purpose: .batch, status: "processed"),
    "Files/batch_output": FileObject(
      id: "file-Out3Jd8KsW1NfG6HtUq5Eb", bytes: 0, createdAt: moment(), filename: "batch_6ad2_output.jsonl",
      purpose: .batchOutput, status: "processed"),
    "Files/azure_pending": FileObject(
      id: "file-5c0f7e1b2d3a4968", bytes: 686, createdAt: moment(0.1234567), filename: "test.jsonl",
      purpose: .batch, status: "pending"),
    "Files/keys_left_out": FileObject(
      id: "file-min", bytes: 0, createdAt: Date(timeIntervalSince1970: 0), filename: "", purpose: ""),
  ]

  @Test func everyFileIsExpected() throws {
    #expect(try GoldenFile.names(in: "Files") == Set(Self.files.keys).union(["Files/deleted"]))
  }

  @Test(arguments: files.keys.sorted())
  func decodesAndComesRound(name: String) throws {
    let file = try GoldenFile(name).decode(as: FileObject.self)
    #expect(file == Self.files[name])
    #expect(try JSONText.decode(FileObject.self, from: JSONText.encode(file)[...]) == file)
  }

  @Test(arguments: ["Files/batch_input", "Files/batch_output"])
  func encodesAsTheServiceSendsIt(name: String) throws {
    let file = try GoldenFile(name)
    let encoded = try JSONText.encode(file.decode(as: FileObject.self))
    #expect(try jsonObject(encoded) == jsonObject(file.bytes))
  }

  @Test func deletion() throws {
    let golden = try GoldenFile("Files/deleted")
    let deletion = try golden.decode(as: FileDeletion.self)
    #expect(deletion == FileDeletion(id: "file-Out3Jd8KsW1NfG6HtUq5Eb", deleted: true))
    #expect(try jsonObject(JSONText.encode(deletion)) == jsonObject(golden.bytes))
    #expect(try decode(FileDeletion.self, #"{"id":"f"}"#).deleted)
    #expect(try !decode(FileDeletion.self, #"{"id":"f","deleted":false}"#).deleted)
  }

  @Test(arguments: [("12", 12), ("\"12\"", 12), ("null", 0), ("1e300", 0), ("1.5", 0), ("[]", 0), ("-1", -1)])
  func sizes(json: String, expected: Int) throws {
    #expect(try decode(FileObject.self, "{\"id\":\"f\",\"bytes\":\(json)}").bytes == expected)
  }
}

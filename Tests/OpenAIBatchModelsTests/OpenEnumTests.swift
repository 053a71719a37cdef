// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchJSON
import OpenAIBatchModels
import Testing

struct OpenEnumTests {
  @Test func idsArePrintedAndCodedAsThePlainString() throws {
    let id: BatchID = "batch_1/ä"
    #expect("\(id)" == "batch_1/ä")
    #expect(id.rawValue == "batch_1/ä")
    #expect(try JSONText.encode([id]) == Array(#"["batch_1/ä"]"#.utf8))
    #expect(try decode([BatchID].self, #"["batch_1/ä"]"#) == [id])
  }

  @Test func idsAreKeysOfObjects() throws {
    let counts: [FileID: Int] = ["file-b": 2, "file-a": 1]
    let encoded = try JSONText.encode(counts)
    #expect(String(decoding: encoded, as: UTF8.self) == #"{"file-a":1,"file-b":2}"#)
    #expect(try JSONText.decode([FileID: Int].self, from: encoded[...]) == counts)
  }

  @Test func unknownValuesAreKept() throws {
    #expect(try decode(BatchEndpoint.self, #""/v1/audio/speech""#).rawValue == "/v1/audio/speech")
    #expect(CompletionWindow("336h").rawValue == "336h")
    #expect(try decode(FilePurpose.self, #""batch-api""#) == FilePurpose("batch-api"))
    #expect(ErrorCode("new_code").description == "new_code")
  }

  @Test(arguments: [
    (BatchEndpoint.responses, "/v1/responses"), (.chatCompletions, "/v1/chat/completions"),
    (.embeddings, "/v1/embeddings"), (.completions, "/v1/completions"), (.moderations, "/v1/moderations"),
    (.imageGenerations, "/v1/images/generations"), (.imageEdits, "/v1/images/edits"), (.videos, "/v1/videos"),
  ])
  func endpoints(endpoint: BatchEndpoint, path: String) {
    #expect(endpoint.rawValue == path)
  }
}

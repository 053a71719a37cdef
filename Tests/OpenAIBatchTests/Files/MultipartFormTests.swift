// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

@testable import OpenAIBatch

@Suite struct MultipartFormTests {
  @Test(arguments: [
    (Provider.FormNotation.brackets, ["expires_after[anchor]", "expires_after[seconds]"]),
    (.dots, ["expires_after.anchor", "expires_after.seconds"]),
  ])
  func namesTheMembersOfAnExpiry(notation: Provider.FormNotation, names: [String]) {
    var provider = Provider()
    provider.formNotation = notation
    let fields = MultipartForm.fields(
      purpose: .batch, expiresAfter: FileExpiration(seconds: 3600), filename: "a", for: provider,
      extra: [("model", "m")])
    #expect(fields.map(\.name) == ["purpose"] + names + ["model"])
    #expect(fields.map(\.value) == ["batch", "created_at", "3600", "m"])
  }

  @Test func hasItsExactLengthAndCanBeSentAgain() async throws {
    let form = MultipartForm(
      fields: [("a\"b", "1")], fileField: "data", filename: "x", file: .bytes([0x21]), boundary: "B")
    let text =
      "--B\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n1\r\n"
      + "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"x\"\r\n"
      + "Content-Type: application/octet-stream\r\n\r\n!\r\n--B--\r\n"
    #expect(form.contentType == "multipart/form-data; boundary=B")
    #expect(form.body.length == Int64(text.utf8.count) && form.body.isReplayable)
    for _ in 0..<2 {
      let reader = try await form.body.open()
      var bytes: [UInt8] = []
      while let chunk = try await reader.next() { bytes += chunk }
      #expect(String(decoding: bytes, as: UTF8.self) == text)
    }
  }
}

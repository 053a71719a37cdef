// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Testing

@testable internal import OpenAIBatchSimulator

struct MultipartParserTests {
  /// The parts of a body that arrives in pieces of `size` bytes.
  private func parts(of body: String, boundary: String = "b", pieces size: Int = .max) throws
    -> [(header: MultipartHeader, content: String)]
  {
    var parser = MultipartParser(boundary: boundary)
    var parts: [(header: MultipartHeader, content: [UInt8])] = []
    var open = false
    var rest = Array(body.utf8)[...]
    while !rest.isEmpty {
      for event in try parser.parse(rest.prefix(size)) {
        switch event {
        case .partBegan(let header):
          parts.append((header, []))
          open = true
        case .bytes(let bytes): parts[parts.count - 1].content += bytes
        case .partEnded: open = false
        }
      }
      rest = rest.dropFirst(size)
    }
    try parser.finish()
    #expect(!open)
    return parts.map { ($0.header, String(decoding: $0.content, as: UTF8.self)) }
  }

  private static let body =
    "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
    + "--b\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION: form-data; name=file; filename=\"a.jsonl\"\r\n\r\n"
    + "one\r\n--\r\n--c\r\n\r\ntwo\r\r\n-\r\n--b \t\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n"
    + "\r\n--b--\r\nafter"

  @Test(arguments: [1, 2, 3, 5, 7, 64, Int.max])
  func `parts come out the same however the bytes arrive`(size: Int) throws {
    let parts = try parts(of: Self.body, pieces: size)
    #expect(parts.map(\.header.name) == ["purpose", "file", "empty"])
    #expect(parts.map(\.header.filename) == [nil, "a.jsonl", nil])
    #expect(parts.map(\.content) == ["batch", "one\r\n--\r\n--c\r\n\r\ntwo\r\r\n-", ""])
  }

  @Test func `a preamble is skipped`() throws {
    let parts = try parts(of: "hello\r\n" + Self.body)
    #expect(parts.count == 3)
  }

  @Test(arguments: [
    ("", "ends before"),
    ("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx", "ends before"),
    ("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b", "ends before"),
    ("--bx\r\n", "not followed"),
    ("--b\r\nContent-Type: text/plain\r\n\r\n", "no Content-Disposition"),
    ("--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n", "no Content-Disposition"),
    ("--b\r\nX: " + String(repeating: "x", count: 20_000), "longer than"),
    ("--b" + String(repeating: " ", count: 20_000), "does not end"),
  ])
  func `a body that is not well-formed fails`(body: String, reason: String) {
    let failure = #expect(throws: MultipartParser.Failure.self) { try parts(of: body, pieces: 1_000) }
    #expect(failure?.message.contains(reason) == true, "\(String(describing: failure))")
  }

  @Test(arguments: [
    (#"form-data; name="file"; filename="a b.jsonl""#, "a b.jsonl"),
    (#"form-data; name="file"; filename="a\"b\\c;d.jsonl""#, #"a"b\c;d.jsonl"#),
    (#"form-data; name="file"; filename="a%22b%0D%0A%41.jsonl""#, "a\"b\r\n%41.jsonl"),
    (#"form-data; filename=plain.jsonl; name=file"#, "plain.jsonl"),
    (#"form-data;name="file";filename="x.jsonl";filename*=UTF-8''caf%C3%A9.jsonl"#, "café.jsonl"),
    (#"form-data; name="file"; filename="größe.jsonl""#, "größe.jsonl"),
    (#"form-data; name="file"; filename="""#, ""),
  ])
  func `file names are read in every notation`(value: String, filename: String) throws {
    let header = MultipartHeader(lines: [Array("Content-Disposition: \(value)".utf8)[...]])
    #expect(header?.name == "file")
    #expect(header?.filename == filename)
  }

  @Test(arguments: [
    ("multipart/form-data; boundary=abc", "abc"),
    ("Multipart/Form-Data; charset=x; Boundary=\"a b=c\"", "a b=c"),
  ])
  func `a boundary may be quoted`(value: String, boundary: String) {
    let parsed = ParameterizedValue(value)
    #expect(parsed.value == "multipart/form-data")
    #expect(parsed.parameters["boundary"] == boundary)
  }
}

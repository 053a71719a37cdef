// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

struct ResponseHeadParserTests {
  /// Feeds lines as libcurl does, and returns what the last one brought.
  private func parse(_ lines: [String]) -> ResponseHeadParser.Progress {
    var parser = ResponseHeadParser()
    var progress = ResponseHeadParser.Progress.more
    for line in lines {
      progress = parser.consume(Array((line + "\r\n").utf8).span)
      if case .failed = progress { break }
    }
    return progress
  }

  private func head(_ lines: [String]) throws -> HTTPResponse {
    let progress = parse(lines)
    guard case .complete(let head) = progress else {
      Issue.record("not complete: \(progress)")
      throw TransportFailure(.malformed, "")
    }
    return head.response
  }

  @Test func aWholeHead() throws {
    let head = try head(["HTTP/1.1 404 Not Found", "Content-Type:text/plain", "X-A: \t b \t", ""])
    #expect(head.status.code == 404)
    #expect(head.status.reasonPhrase == "Not Found")
    #expect(head.headerFields.map(\.value) == ["text/plain", "b"])
  }

  @Test(arguments: ["HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200 OK"])
  func statusLines(line: String) throws {
    #expect(try head([line, ""]).status.code == 200)
  }

  @Test func onlyLineFeedsEndLinesToo() {
    var parser = ResponseHeadParser()
    #expect(parser.consume(Array("HTTP/1.1 204 x\n".utf8).span) == .more)
    #expect(!parser.isComplete && parser.hasBegun)
    guard case .complete = parser.consume(Array("\n".utf8).span) else { return #expect(Bool(false)) }
    #expect(parser.isComplete)
  }

  @Test func interimBlocksLeaveNothing() throws {
    let head = try head([
      "HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: </a>", "Content-Length: 9", "",
      "HTTP/1.1 200 OK", "Content-Length: 3", "",
    ])
    #expect(head.headerFields.count == 1)
    #expect(head.headerFields[.contentLength] == "3")
  }

  @Test func trailersAreDropped() throws {
    var parser = ResponseHeadParser()
    for line in ["HTTP/1.1 200 OK\r\n", "\r\n"] { _ = parser.consume(Array(line.utf8).span) }
    for line in ["X-Trailer: 1\r\n", "anything\r\n", "\r\n"] {
      #expect(parser.consume(Array(line.utf8).span) == .more)
    }
  }

  @Test func foldsJoin() throws {
    let fields = try head([
      "HTTP/1.1 200 OK", "X-A: one", "\ttwo", "   three", "X-B:", " four", "X-C: c:", " d", "",
    ])
    .headerFields
    #expect(fields.map(\.value) == ["one two three", "four", "c: d"])
  }

  @Test(arguments: [["5", "5"], ["5, 5"], ["5,5", "5"]])
  func equalLengthsAreTolerated(values: [String]) throws {
    let lines = ["HTTP/1.1 200 OK"] + values.map { "Content-Length: \($0)" } + [""]
    #expect(try head(lines).status.code == 200)
  }

  @Test(
    arguments: [
      (["200", "Content-Length: 5"], 5, false), (["200"], nil, false), (["204"], nil, false),
      (["204", "Content-Length: 0"], 0, false), (["204", "Content-Length: 2"], 2, true),
      (["204", "Transfer-Encoding: chunked"], nil, true), (["304", "Content-Length: 2"], 2, false),
      (["200", "Transfer-Encoding: Chunked"], nil, false),
      (["200", "Transfer-Encoding: identity"], nil, false),
      (["200", "Transfer-Encoding: chunked", "Content-Length: 300"], nil, true),
      (["200", "Content-Length: 3", "Transfer-Encoding: identity, chunked"], nil, true),
    ] as [([String], Int64?, Bool)])
  func framing(lines: [String], length: Int64?, isAmbiguous: Bool) {
    var parser = ResponseHeadParser()
    for line in ["HTTP/1.1 \(lines[0])"] + lines.dropFirst() + [""] {
      _ = parser.consume(Array((line + "\r\n").utf8).span)
    }
    #expect(parser.isComplete)
    #expect(parser.contentLength == length)
    #expect(parser.isAmbiguous == isAmbiguous)
  }

  @Test(arguments: [
    ["HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6"],
    ["HTTP/1.1 200 OK", "Content-Length: 5, 6"],
    ["HTTP/1.1 200 OK", "Content-Length: "],
    ["HTTP/1.1 200 OK", "Content-Length: +5"],
    ["HTTP/1.1 200 OK", "Content-Length: 99999999999999999999"],
    ["HTTP/1.1 200 OK", "Content-Length: 1", " 2"],
    ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"],
    ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip", "transfer-encoding: chunked"],
    ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked, chunked"],
    ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: deflate"],
    ["HTTP/1.1 200 OK", "Transfer-Encoding:", " chunked"],
    ["HTTP/1.1 200 OK", "Transfer-Encoding: "],
    ["HTTP/1.1 200 OK", " folded first"],
    ["HTTP/1.1 200 OK", "no colon"],
    ["HTTP/1.1 200 OK", ": no name"],
    ["HTTP/1.1 200 OK", "a b: c"],
    ["HTTP/1.1 200 OK", "a : c"],
    ["HTTP/1.1 200 OK", "HTTP/1.1 500 Twice"],
    ["HTTP/1.1"], ["HTTP/1.1 "], ["HTTP/1.1 20 OK"], ["HTTP/1.1 2000 OK"], ["HTTP/1.1 abc"],
    ["HTTP/1.1 -20"], ["HTTP/1.1 099"], ["HTTP/1.1 101 Switching Protocols"],
  ])
  func whatIsNotHTTP(lines: [String]) {
    guard case .failed(.malformed, _) = parse(lines) else { return #expect(Bool(false), "\(lines)") }
  }

  @Test func limits() {
    let many = ["HTTP/1.1 200 OK"] + Array(repeating: "A: b", count: ResponseHeadParser.maximumFields)
    guard case .failed(.tooLarge, _) = parse(many) else { return #expect(Bool(false)) }
    let long = ["HTTP/1.1 200 OK", "A: " + String(repeating: "b", count: ResponseHeadParser.maximumBytes)]
    guard case .failed(.tooLarge, _) = parse(long) else { return #expect(Bool(false)) }
    let blocks = Array(repeating: ["HTTP/1.1 103 Early Hints", ""], count: 10_000).flatMap { $0 }
    guard case .failed(.tooLarge, _) = parse(blocks) else { return #expect(Bool(false)) }
  }

  @Test func anyBytesAreSurvived() {
    var generator = SystemRandomNumberGenerator()
    let alphabet: [UInt8] = Array("HTTP/1.1 200:\r\n\t ,5Content-Length".utf8) + [0, 0xFF, 0xC3]
    for _ in 0..<2_000 {
      var parser = ResponseHeadParser()
      _ = parser.consume(Array("HTTP/1.1 200 OK\r\n".utf8).span)
      for _ in 0..<4 {
        let line = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
          alphabet.randomElement(using: &generator) ?? 0
        }
        _ = parser.consume(line.span)
      }
    }
  }
}

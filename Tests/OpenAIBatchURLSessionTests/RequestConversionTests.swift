// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchURLSession

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct RequestConversionTests {
  private func request(
    method: HTTPRequest.Method = .get, scheme: String? = "https", authority: String? = "api.openai.com",
    path: String? = "/v1/batches", fields: HTTPFields = [:], body: RequestBody = .empty
  ) -> TransportRequest {
    TransportRequest(
      head: HTTPRequest(
        method: method, scheme: scheme, authority: authority, path: path, headerFields: fields),
      body: body, operation: "test")
  }

  @Test(arguments: [
    "/v1/batches", "/v1/batches?limit=1&after=a%2Fb", "/v1/files/file%2F..%2Fx/content", "/", "/a//b",
    "/v1/x?a=../b",
    "/~a/b;c=d/e:f@g", "/v1/a...b",
  ])
  func pathsAreSentAsTheyAre(_ path: String) throws {
    let converted = try URLRequest(request(path: path), keepsConnection: true)
    #expect(converted.url?.absoluteString == "https://api.openai.com" + path)
  }

  @Test(arguments: [
    "", "v1", "/a b", "/a\r\nX-Evil: 1", "/a\nb", "/a\0b", "/a#b", "/ä", "/a/../b", "/..", "/./a",
    "/a\u{7F}b",
  ])
  func otherPathsAreInvalid(_ path: String) {
    let failure = #expect(throws: TransportFailure.self) {
      _ = try URLRequest(request(path: path), keepsConnection: true)
    }
    #expect(failure?.kind == .invalid)
    #expect(failure?.mayHaveReachedServer == false)
  }

  @Test(arguments: [
    nil, "", "user@host", "user:secret@host", "host/path", "host?x", "host#x", "ho st", "host\r\nX: y",
    "host:port", "ä.de",
  ])
  func authoritiesAreHostAndPort(_ authority: String?) {
    let failure = #expect(throws: TransportFailure.self) {
      _ = try URLRequest(request(authority: authority), keepsConnection: true)
    }
    #expect(failure?.kind == .invalid)
    #expect(failure?.message.contains("secret") == false)
  }

  @Test(arguments: ["127.0.0.1:80", "[::1]:8080", "a-b.example.com"])
  func usualAuthoritiesAreTaken(_ authority: String) throws {
    let converted = try URLRequest(request(authority: authority), keepsConnection: true)
    #expect(converted.url?.absoluteString == "https://\(authority)/v1/batches")
  }

  @Test(arguments: [nil, "", "file", "ftp", "ws"])
  func otherSchemesAreInvalid(_ scheme: String?) {
    let failure = #expect(throws: TransportFailure.self) {
      _ = try URLRequest(request(scheme: scheme), keepsConnection: true)
    }
    #expect(failure?.kind == .invalid)
  }

  @Test(arguments: [HTTPRequest.Method.get, .head])
  func getAndHeadHaveNoBody(_ method: HTTPRequest.Method) {
    for body in [
      RequestBody.bytes([1]), .producer(length: nil, isReplayable: true) { PieceReader(1, of: [1]) },
    ] {
      let failure = #expect(throws: TransportFailure.self) {
        _ = try URLRequest(request(method: method, body: body), keepsConnection: true)
      }
      #expect(failure?.kind == .invalid)
    }
  }

  @Test func framingIsTheSessionsOwn() throws {
    let fields: HTTPFields = [
      .contentLength: "0", .connection: "keep-alive", .expect: "100-continue",
      .contentType: "a/b", .userAgent: "mine/1", .acceptEncoding: "gzip", .acceptLanguage: "de",
    ]
    let converted = try URLRequest(request(fields: fields), keepsConnection: true)
    for name in ["Content-Length", "Connection", "Expect"] {
      #expect(converted.value(forHTTPHeaderField: name) == nil)
    }
    #expect(converted.value(forHTTPHeaderField: "Content-Type") == "a/b")
    #expect(converted.value(forHTTPHeaderField: "User-Agent") == "mine/1")
    #expect(converted.value(forHTTPHeaderField: "Accept-Encoding") == "gzip")
    #expect(converted.value(forHTTPHeaderField: "Accept-Language") == "de")
  }

  /// As the other transports do.
  @Test(arguments: [
    (HTTPRequest.Method.post, [HTTPField.Name.contentLength: "5"]), (.post, [.transferEncoding: "chunked"]),
    (.connect, [:]), (.trace, [:]),
  ])
  func whatWouldGoOutOtherwiseIsInvalid(method: HTTPRequest.Method, fields: [HTTPField.Name: String]) {
    let fields = HTTPFields(fields.map { HTTPField(name: $0.key, value: $0.value) })
    let failure = #expect(throws: TransportFailure.self) {
      _ = try URLRequest(request(method: method, fields: fields, body: .bytes([1])), keepsConnection: true)
    }
    #expect(failure?.kind == .invalid)
    #expect(failure?.mayHaveReachedServer == false)
  }

  /// HTTPTypes replaces what is not allowed before a request reaches a transport: nothing is injected.
  @Test func fieldValuesCannotInject() throws {
    let name = try #require(HTTPField.Name("X-A"))
    let converted = try URLRequest(request(fields: [name: "a\r\nX-Evil: 1"]), keepsConnection: true)
    #expect(converted.value(forHTTPHeaderField: "X-Evil") == nil)
    #expect(converted.value(forHTTPHeaderField: "X-A")?.contains("\n") == false)
    #expect(HTTPField.Name("X-A\r\nX-Evil: 1") == nil)
  }

  @Test func theSessionsOwnTimeoutComesLast() throws {
    var request = request()
    request.timeouts = Timeouts(connect: .seconds(3), idle: .milliseconds(500), total: .seconds(1))
    #expect(try URLRequest(request, keepsConnection: true).timeoutInterval == 8)
    request.timeouts.idle = Duration(secondsComponent: .max, attosecondsComponent: 0)
    #expect(try URLRequest(request, keepsConnection: true).timeoutInterval <= 2_000_000)
  }
}

struct ResponseHeadTests {
  @Test(arguments: [
    ([("Content-Length", "5")], ResponseHead.Length.exact(5)), ([("content-length", "5, 5")], .exact(5)),
    ([("Content-Length", "0")], .exact(0)), ([], .unknown),
    ([("Content-Length", "5"), ("Transfer-Encoding", "chunked")], .unknown),
  ])
  func lengths(fields: [(String, String)], expected: ResponseHead.Length) throws {
    let fields = fields.map { (name: $0.0, value: $0.1) }
    #expect(try ResponseHead(status: 200, fields: fields, method: .get).length == expected)
    #expect(try ResponseHead(status: 200, fields: fields, method: .head).length == .none)
    #expect(try ResponseHead(status: 204, fields: fields, method: .post).length == .none)
    #expect(try ResponseHead(status: 304, fields: fields, method: .get).length == .none)
  }

  @Test(arguments: ["", "-1", "+5", "5, 7", "five", "5 5", "0x5", "99999999999999999999", "5;"])
  func lengthsThatAreNone(_ value: String) {
    let failure = #expect(throws: TransportFailure.self) {
      _ = try ResponseHead(status: 200, fields: [("Content-Length", value)], method: .get)
    }
    #expect(failure?.kind == .malformed)
  }

  @Test(arguments: [-1, 0, 99, 199, 1000])
  func statusesThatAreNone(_ status: Int) {
    let failure = #expect(throws: TransportFailure.self) {
      _ = try ResponseHead(status: status, fields: [], method: .get)
    }
    #expect(failure?.kind == .malformed)
  }

  @Test func fieldsThatAreNoneAreLeftOut() throws {
    let head = try ResponseHead(status: 200, fields: [("a b", "1"), ("", "2"), ("X-A", "3")], method: .get)
    #expect(head.response.headerFields.count == 1)
  }
}

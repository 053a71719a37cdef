// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchURLSession

/// The messages are libcurl's, as Foundation on Linux passes them on.
struct SessionFailureTests {
  struct Row: CustomTestStringConvertible {
    var code: Int
    var text: String
    var before: TransportFailure.Kind
    var after: TransportFailure.Kind?
    var testDescription: String { "\(code) \(text)" }

    init(
      _ code: Int, _ text: String, _ before: TransportFailure.Kind, after: TransportFailure.Kind? = nil
    ) {
      (self.code, self.text, self.before, self.after) = (code, text, before, after)
    }
  }

  @Test(arguments: [
    Row(-1003, "Could not resolve host: batch.invalid", .notSent, after: .truncated),
    Row(-1, "Could not resolve proxy: proxy.invalid", .notSent),
    Row(-1, "Unsupported proxy syntax in 'http://user:can#ary@127.0.0.1:9'", .invalid, after: .invalid),
    Row(-1004, "Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server", .notSent),
    Row(-1, "Failed to connect to host port 443 after 3 ms: Network is unreachable", .notSent),
    Row(-1001, "Failed to connect to host port 443 after 130000 ms: Connection timed out", .notSent),
    Row(-1001, "Connection timed out after 300000 milliseconds", .notSent),
    // A refused first address leaves its errno behind, and every later error is called -1004.
    Row(-1004, "Empty reply from server", .interrupted, after: .truncated),
    Row(-1004, "Recv failure: Connection reset by peer", .interrupted, after: .truncated),
    Row(-1005, "Recv failure: Connection reset by peer", .interrupted, after: .truncated),
    Row(-1, "Send failure: Broken pipe", .interrupted, after: .truncated),
    Row(-1011, "Empty reply from server", .interrupted),
    Row(-1, "OpenSSL SSL_read: Connection reset by peer, errno 104", .interrupted, after: .truncated),
    Row(
      -1, "OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0", .interrupted
    ),
    Row(
      -1001, "The operation could not be completed. (NSURLErrorDomain error -1001.)", .timedOut,
      after: .timedOut),
    Row(-1, "transfer closed with 91 bytes remaining to read", .truncated, after: .truncated),
    Row(-1, "transfer closed with outstanding read data remaining", .truncated, after: .truncated),
    Row(-1, "Illegal or missing hexadecimal sequence in chunked-encoding", .malformed, after: .malformed),
    Row(-1002, "Received HTTP/0.9 when not allowed", .malformed),
    Row(-1, "Invalid Content-Length: value", .malformed),
    Row(-1, "Failed writing header", .malformed),
    Row(-1, "Out of memory", .tooLarge),
    Row(-1, "Too large response headers: 307268 > 307200", .tooLarge),
    Row(-1, "SSL certificate problem: self-signed certificate", .insecure, after: .truncated),
    Row(-1, "SSL: no alternative certificate subject name matches target host name 'a'", .insecure),
    Row(-1, "error:0A00010B:SSL routines::wrong version number", .insecure),
    Row(-1, "OpenSSL SSL_connect: Connection reset by peer in connection to localhost:1", .insecure),
    Row(-1, "Received HTTP code 407 from proxy after CONNECT", .proxy),
    Row(-1, "CONNECT tunnel failed, response 403", .proxy),
    Row(-1, "operation aborted by callback", .body),
    Row(-1000, "URL using bad/illegal format or missing URL", .invalid),
    Row(-1, "something new", .interrupted, after: .truncated),
    Row(-999, "cancelled", .interrupted),
  ])
  func sorting(_ row: Row) {
    let failure = SessionFailure(code: row.code, text: row.text)
    #expect(failure.kind(sawResponse: false, sentBody: false) == row.before)
    if let after = row.after { #expect(failure.kind(sawResponse: true, sentBody: true) == after) }
  }

  /// What was sent may have been acted on, whatever the words say.
  @Test(arguments: [
    "Could not resolve host: a", "SSL certificate problem: x", "Failed to connect to a",
    "CONNECT tunnel failed",
  ])
  func nothingIsCalledUnsentAfterABodyWasSent(_ text: String) {
    let failure = SessionFailure(code: -1004, text: text)
      .transportFailure(host: "a", sawResponse: false, sentBody: true)
    #expect(failure.kind == .interrupted)
    #expect(failure.mayHaveReachedServer)
    #expect(failure.message.contains(text))
  }

  @Test func aProxysPasswordIsNotRepeated() {
    let failure = SessionFailure(
      code: -1, text: "Unsupported proxy syntax in 'http://user:can#ary@127.0.0.1:9'"
    )
    .transportFailure(host: "host", sawResponse: false, sentBody: false)
    #expect(failure.message.contains("http://<redacted>@127.0.0.1:9"))
    #expect(!failure.message.contains("ary"))
  }
}

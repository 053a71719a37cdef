// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchAsyncHTTPClient

/// How errors are sorted: by what was sent and received before them, then by what they are.
struct CallOutcomeTests {
  private struct Unknown: Error {}

  private func failure(
    _ error: any Error, hasSent: Bool, hasResponseBegun: Bool = false
  ) -> TransportFailure {
    CallOutcome(error: error, authority: "h:1", hasSent: hasSent, hasResponseBegun: hasResponseBegun).failure
  }

  @Test(
    arguments: [
      (HTTPClientError.connectTimeout, TransportFailure.Kind.notSent),
      (HTTPClientError.tlsHandshakeTimeout, .notSent),
      (HTTPClientError.remoteConnectionClosed, .notSent),
      (HTTPClientError.getConnectionFromPoolTimeout, .notSent),
      (ChannelError.ioOnClosedChannel, .notSent), (IOError(errnoCode: 104, reason: "reset"), .notSent),
      (Unknown(), .notSent), (HTTPClientError.alreadyShutdown, .shutDown),
      (HTTPClientError.cancelled, .shutDown),
      (HTTPClientError.proxyAuthenticationRequired, .proxy), (HTTPClientError.invalidProxyResponse, .proxy),
      (HTTPParserError.invalidConstant, .proxy), (NIOSSLError.uncleanShutdown, .insecure),
      (NIOSSLError.handshakeFailed(.sslError([])), .insecure),
      (NIOSSLExtraError.failedToValidateHostname, .insecure),
      (NIOSSLError.failedToLoadCertificate, .invalid), (HTTPClientError.invalidURL, .invalid),
    ] as [(any Error, TransportFailure.Kind)])
  func beforeSending(error: any Error, kind: TransportFailure.Kind) {
    let failure = failure(error, hasSent: false)
    #expect(failure.kind == kind)
    #expect(!failure.mayHaveReachedServer)
  }

  @Test(
    arguments: [
      (HTTPClientError.remoteConnectionClosed, TransportFailure.Kind.interrupted), (Unknown(), .interrupted),
      (IOError(errnoCode: 104, reason: "reset"), .interrupted), (NIOSSLError.uncleanShutdown, .interrupted),
      (HTTPClientError.readTimeout, .timedOut), (HTTPClientError.writeTimeout, .timedOut),
      (HTTPParserError.headerOverflow, .tooLarge), (HTTPParserError.invalidEOFState, .truncated),
      (HTTPParserError.invalidChunkSize, .malformed), (HTTPClientError.cancelled, .shutDown),
    ] as [(any Error, TransportFailure.Kind)])
  func afterSending(error: any Error, kind: TransportFailure.Kind) {
    let early = failure(error, hasSent: true)
    #expect(early.kind == kind)
    #expect(early.mayHaveReachedServer)
    let late = failure(error, hasSent: true, hasResponseBegun: true)
    #expect(late.kind == (kind == .interrupted ? .truncated : kind))
  }

  @Test func headerValuesAreNotRepeated() {
    let error = HTTPClientError.invalidHeaderFieldValues(["canary"])
    #expect(!"\(failure(error, hasSent: false))".contains("canary"))
  }
}
#endif

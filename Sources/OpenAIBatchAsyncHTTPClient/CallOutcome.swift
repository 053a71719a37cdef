// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import OpenAIBatchTransport

/// How far a call had come when AsyncHTTPClient gave up: what decides the kind of its failure.
struct CallOutcome {
  let error: any Error
  /// Host and port.
  let authority: String
  /// Whether the request's head may have left.
  let hasSent: Bool
  /// Whether any byte of a response arrived.
  let hasResponseBegun: Bool

  var failure: TransportFailure { hasSent ? failureAfterSending : failureBeforeSending }

  private var failureBeforeSending: TransportFailure {
    let message = "No request was sent to \(authority): \(words)"
    switch error {
    case let error as HTTPClientError where error.isEndOfClient:
      return .shutDown(mayHaveReachedServer: false)
    case let error as HTTPClientError where error.isAboutTheProxy:
      return TransportFailure(.proxy, message)
    case let error as HTTPClientError where error.isAboutTheRequest:
      return TransportFailure(.invalid, message)
    case is HTTPParserError:
      // Only a proxy says anything before the request.
      return TransportFailure(.proxy, message)
    case NIOSSLError.failedToLoadCertificate, NIOSSLError.failedToLoadPrivateKey,
      NIOSSLError.noSuchFilesystemObject:
      return TransportFailure(.invalid, message)
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
      return TransportFailure(.insecure, message)
    default:
      return TransportFailure(.notSent, message)
    }
  }

  private var failureAfterSending: TransportFailure {
    switch error {
    case let error as HTTPClientError where error.isEndOfClient:
      return .shutDown(mayHaveReachedServer: true)
    case let error as HTTPClientError where error.isTimeout:
      return TransportFailure(.timedOut, "\(authority) did not answer in time.")
    case HTTPParserError.headerOverflow:
      return TransportFailure(.tooLarge, "The response of \(authority) has too large a head.")
    case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection:
      return truncated
    case is HTTPParserError:
      return TransportFailure(
        .malformed, "\(authority) answered with something that is not HTTP/1.1: \(words)")
    case _ where hasResponseBegun:
      return truncated
    default:
      return TransportFailure(
        .interrupted, "The connection to \(authority) broke before it answered: \(words)")
    }
  }

  private var truncated: TransportFailure {
    TransportFailure(.truncated, "The response of \(authority) ended early: \(words)")
  }

  /// The error in words. AsyncHTTPClient's own can repeat header values, so of those only the name is taken.
  private var words: String {
    (error as? HTTPClientError)?.shortDescription ?? "\(error)"
  }
}

extension HTTPClientError {
  /// The application shut its client down.
  fileprivate var isEndOfClient: Bool { [.alreadyShutdown, .cancelled].contains(self) }
  fileprivate var isAboutTheProxy: Bool {
    [.proxyAuthenticationRequired, .invalidProxyResponse].contains(self)
  }
  fileprivate var isTimeout: Bool { [.readTimeout, .writeTimeout, .deadlineExceeded].contains(self) }
  fileprivate var isAboutTheRequest: Bool {
    [.invalidURL, .emptyHost, .emptyScheme, .missingSocketPath, .traceRequestWithBody].contains(self)
  }
}
#endif

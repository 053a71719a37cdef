// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// An error of `URLSession`, reduced to what sorts it: the code and the text.
///
/// On Linux nearly every code is `unknown`, and some are wrong (a refused first address of several makes each
/// later error "cannot connect"), so libcurl's text decides there. What no rule knows counts as if the server
/// may have acted.
struct SessionFailure: Sendable, Equatable {
  /// The `NSURLError` code.
  var code: Int
  /// The localized description; on Linux libcurl's message.
  var text: String

  /// Sorts the error.
  ///
  /// - Parameters:
  ///   - host: The host, for the message.
  ///   - sawResponse: Whether a response's head was there.
  ///   - sentBody: Whether bytes of the request body had been sent.
  func transportFailure(host: String, sawResponse: Bool, sentBody: Bool) -> TransportFailure {
    let kind = kind(sawResponse: sawResponse, sentBody: sentBody)
    // libcurl quotes a proxy's URL that it cannot read, with its password.
    return TransportFailure(kind, "\(Self.phrase(kind, host)): \(text.redactingCredentials) (\(code))")
  }

  func kind(sawResponse: Bool, sentBody: Bool) -> TransportFailure.Kind {
    let broken: TransportFailure.Kind = sawResponse ? .truncated : .interrupted
    for rule in Self.texts where rule.fragments.contains(where: text.contains) {
      switch rule.kind {
      // Before the request only: afterwards the same words tell of a connection that broke.
      case .notSent, .insecure, .proxy: return sawResponse || sentBody ? broken : rule.kind
      case .interrupted: return broken
      default: return rule.kind
      }
    }
    switch (code, sawResponse || sentBody) {
    case (Code.timedOut, _): return .timedOut
    case (Code.cannotFindHost, false), (Code.dnsLookupFailed, false): return .notSent
    case (Code.badURL, false), (Code.unsupportedURL, false), (Code.dataLengthExceedsMaximum, false):
      return .invalid
    case (Code.fileDoesNotExist, _), (Code.noPermissionsToReadFile, _): return .body
    #if canImport(Darwin)
    case (Code.cannotConnectToHost, false), (Code.notConnectedToInternet, false): return .notSent
    case (Code.appTransportSecurity, false): return .insecure
    case (Code.serverCertificates, false): return .insecure
    case (Code.cannotParseResponse, _), (Code.cannotDecodeRawData, _), (Code.cannotDecodeContentData, _):
      return .malformed
    #endif
    default: return broken
    }
  }

  private static func phrase(_ kind: TransportFailure.Kind, _ host: String) -> String {
    switch kind {
    case .notSent: "\(host) could not be reached"
    case .interrupted: "The connection to \(host) broke"
    case .truncated: "The response of \(host) ended early"
    case .timedOut: "\(host) did not answer in time"
    case .insecure: "TLS with \(host) failed"
    case .proxy: "The proxy did not connect to \(host)"
    case .tooLarge: "The response of \(host) exceeds a limit"
    case .malformed: "The response of \(host) is not HTTP"
    case .invalid: "The request to \(host) cannot be sent"
    case .body: "The request body could not be read"
    case .cancelled, .shutDown: "The exchange with \(host) was given up"
    }
  }

  /// libcurl's words (7.68 to 8.x), the most telling first.
  private static let texts: [(kind: TransportFailure.Kind, fragments: [String])] = [
    (.invalid, ["Unsupported proxy"]),
    (.notSent, ["Could not resolve host", "Couldn't resolve host", "Could not resolve proxy"]),
    (.notSent, ["Resolving timed out", "Connection timed out after", "Connection timeout after"]),
    (
      .proxy, ["from proxy after CONNECT", "CONNECT tunnel failed", "Proxy CONNECT aborted", "CONNECT phase"]
    ),
    (.notSent, ["Failed to connect to", "Couldn't connect to", "Could not connect to"]),
    // Reading and writing come after the handshake.
    (.interrupted, ["SSL_read", "SSL_write", "Send failure", "Recv failure", "Empty reply"]),
    (.truncated, ["transfer closed with", "end of response with", "partial file"]),
    (.tooLarge, ["Too large response headers", "Out of memory", "Too many response headers", "Rejected"]),
    (
      .malformed,
      [
        "chunk", "HTTP/0.9", "Unsupported HTTP", "Invalid Content-Length", "Invalid status line",
        "Weird server", "Unsupported response code",
        "Header without colon", "Nul byte in header", "Failed writing",
        "ncoding",
        "Failure writing", "Excess found", "Overflow Content-Length", "Received HTTP/",
      ]
    ),
    (.body, ["Failed to open/read local data", "operation aborted by", "read function returned funny"]),
    (.insecure, ["SSL", "TLS", "certificate"]),
  ]

  private enum Code {
    static let timedOut = -1001
    static let unsupportedURL = -1002
    static let badURL = -1000
    static let cannotFindHost = -1003
    static let cannotConnectToHost = -1004
    static let dnsLookupFailed = -1006
    static let notConnectedToInternet = -1009
    static let cannotDecodeRawData = -1015
    static let cannotDecodeContentData = -1016
    static let cannotParseResponse = -1017
    static let appTransportSecurity = -1022
    static let fileDoesNotExist = -1100
    static let noPermissionsToReadFile = -1102
    static let dataLengthExceedsMaximum = -1103
    static let serverCertificates = -1206 ... -1200
  }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import COpenAIBatchCurl
internal import OpenAIBatchTransport

/// How far a transfer had come when libcurl gave up: what decides the kind of its failure.
struct TransferOutcome {
  let code: CURLcode
  /// Whether the first byte of the request may have left.
  let hasSent: Bool
  /// Whether any header line arrived.
  let headHasBegun: Bool
  /// Whether the head was complete.
  let headIsComplete: Bool
  /// The proxy's answer to CONNECT; 0 for none.
  let proxyStatus: Int
  /// libcurl's words. They can quote the server, so they are repeated only when nothing was sent.
  let detail: String
  /// Host and port.
  let authority: String

  /// What the code means here; `nil` when the response is whole.
  var failure: TransportFailure? {
    if code == CURLE_OK {
      // libcurl takes an end inside the header block for the end of a whole response.
      return headIsComplete
        ? nil : TransportFailure(.truncated, "\(authority) closed inside the response's head.")
    }
    return hasSent ? failureAfterSending : failureBeforeSending
  }

  private var failureBeforeSending: TransportFailure {
    // libcurl quotes a proxy's URL that it cannot read, with its password.
    let message = "No request was sent to \(authority): \(detail.redactingCredentials)"
    switch code {
    case _ where detail.contains("Unsupported proxy"),
      // What GnuTLS says to a client certificate's files.
      CURLE_SSL_CONNECT_ERROR where detail.contains("error reading X.509"):
      return TransportFailure(.invalid, message)
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED, CURLE_SSL_CLIENTCERT:
      return TransportFailure(.insecure, message)
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT,
      CURLE_UNKNOWN_OPTION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CRL_BADFILE, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
      CURLE_SSL_ENGINE_INITFAILED:
      return TransportFailure(.invalid, message)
    case CURLE_PROXY:
      return TransportFailure(.proxy, message)
    case _ where proxyStatus >= 300:
      return TransportFailure(
        .proxy, "The proxy refused a connection to \(authority) with status \(proxyStatus).")
    default:
      return TransportFailure(.notSent, message)
    }
  }

  private var failureAfterSending: TransportFailure {
    switch code {
    case CURLE_OPERATION_TIMEDOUT:
      return TransportFailure(.timedOut, "\(authority) did not answer in time.")
    case CURLE_PARTIAL_FILE:
      return truncated
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
      return TransportFailure(.malformed, "\(authority) answered with something that is not HTTP/1.1.")
    case CURLE_OUT_OF_MEMORY where !headIsComplete, Self.tooLargeCode:
      // What libcurl says to a header line of more than 100 KiB, and newer ones to more than 5000 lines.
      return tooLarge
    case CURLE_RECV_ERROR where isRefusalOfCertificate, CURLE_SEND_ERROR where isRefusalOfCertificate:
      return TransportFailure(
        .insecure, "\(authority) refused this client's certificate, or asks for one.",
        mayHaveReachedServer: true)
    case CURLE_BAD_FUNCTION_ARGUMENT where headHasBegun,
      CURLE_RECV_ERROR where detail.contains("chunk"):
      return TransportFailure(.malformed, "\(authority) broke the chunked encoding of its response.")
    case CURLE_RECV_ERROR where detail.contains("response headers"):
      return tooLarge
    case _ where headHasBegun:
      return truncated
    default:
      return TransportFailure(
        .interrupted,
        "The connection to \(authority) broke before it answered (libcurl code \(code.rawValue)).")
    }
  }

  /// `CURLE_TOO_LARGE`, which came with libcurl 8.6.
  private static let tooLargeCode = CURLcode(100)

  /// In TLS 1.3 the server says so after the client has begun to send.
  private var isRefusalOfCertificate: Bool {
    ["certificate required", "unknown ca", "bad certificate", "certificate unknown", "certificate expired"]
      .contains { detail.contains("alert \($0)") }
  }

  private var truncated: TransportFailure {
    TransportFailure(.truncated, "The response of \(authority) ended early.")
  }

  private var tooLarge: TransportFailure {
    TransportFailure(.tooLarge, "The response of \(authority) has too large a head.")
  }
}

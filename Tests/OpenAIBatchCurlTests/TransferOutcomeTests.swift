// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import COpenAIBatchCurl
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchCurl

/// The table of libcurl's codes.
struct TransferOutcomeTests {
  enum Progress: CaseIterable { case connecting, sent, headBegun, headComplete }

  private func failure(
    _ code: CURLcode, _ progress: Progress, proxyStatus: Int = 0, detail: String = "words"
  ) -> TransportFailure? {
    TransferOutcome(
      code: code, hasSent: progress != .connecting,
      headHasBegun: progress == .headBegun || progress == .headComplete,
      headIsComplete: progress == .headComplete,
      proxyStatus: proxyStatus, detail: detail, authority: "host:443"
    ).failure
  }

  @Test(arguments: [
    (CURLE_COULDNT_RESOLVE_HOST, TransportFailure.Kind.notSent), (CURLE_COULDNT_RESOLVE_PROXY, .notSent),
    (CURLE_COULDNT_CONNECT, .notSent), (CURLE_OPERATION_TIMEDOUT, .notSent), (CURLE_OUT_OF_MEMORY, .notSent),
    (CURLE_SEND_ERROR, .notSent), (CURLE_RECV_ERROR, .notSent), (CURLE_SSL_CONNECT_ERROR, .insecure),
    (CURLE_PEER_FAILED_VERIFICATION, .insecure), (CURLE_SSL_PINNEDPUBKEYNOTMATCH, .insecure),
    (CURLE_SSL_CACERT_BADFILE, .invalid), (CURLE_URL_MALFORMAT, .invalid),
    (CURLE_UNSUPPORTED_PROTOCOL, .invalid),
    (CURLE_PROXY, .proxy),
  ])
  func beforeSending(code: CURLcode, kind: TransportFailure.Kind) {
    let failure = failure(code, .connecting)
    #expect(failure?.kind == kind)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure?.message.contains("host:443") == true)
  }

  @Test func aKeyThatGnuTLSCannotRead() {
    let words = "error reading X.509 potentially-encrypted key file: Decryption has failed."
    #expect(failure(CURLE_SSL_CONNECT_ERROR, .connecting, detail: words)?.kind == .invalid)
  }

  @Test func aProxysRefusal() {
    #expect(failure(CURLE_RECV_ERROR, .connecting, proxyStatus: 407)?.kind == .proxy)
    #expect(failure(CURLE_RECV_ERROR, .connecting, proxyStatus: 200)?.kind == .notSent)
  }

  @Test(arguments: [
    (CURLE_OPERATION_TIMEDOUT, Progress.sent, TransportFailure.Kind.timedOut),
    (CURLE_OPERATION_TIMEDOUT, .headComplete, .timedOut), (CURLE_GOT_NOTHING, .sent, .interrupted),
    (CURLE_SEND_ERROR, .sent, .interrupted), (CURLE_RECV_ERROR, .sent, .interrupted),
    (CURLE_SEND_FAIL_REWIND, .sent, .interrupted), (CURLE_RECV_ERROR, .headBegun, .truncated),
    (CURLE_RECV_ERROR, .headComplete, .truncated), (CURLE_PARTIAL_FILE, .headComplete, .truncated),
    (CURLE_WEIRD_SERVER_REPLY, .headBegun, .malformed), (CURLE_UNSUPPORTED_PROTOCOL, .sent, .malformed),
    (CURLE_BAD_CONTENT_ENCODING, .headComplete, .malformed), (CURLE_OUT_OF_MEMORY, .headBegun, .tooLarge),
    (CURLE_OUT_OF_MEMORY, .headComplete, .truncated),
    (CURLE_BAD_FUNCTION_ARGUMENT, .headComplete, .malformed), (CURLcode(100), .headBegun, .tooLarge),
    (CURLcode(100), .headComplete, .tooLarge),
  ])
  func afterSending(code: CURLcode, progress: Progress, kind: TransportFailure.Kind) {
    let failure = failure(code, progress)
    #expect(failure?.kind == kind)
    #expect(failure?.mayHaveReachedServer == true)
    // libcurl's words can quote the server.
    #expect(failure?.message.contains("words") == false)
  }

  @Test(arguments: [
    ("OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0", true),
    ("OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0", true),
    ("OpenSSL SSL_read: error:0A000412:SSL routines::sslv3 alert bad certificate, errno 0", true),
    ("OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0", false),
    ("OpenSSL SSL_read: error:0A000438:SSL routines::tlsv1 alert internal error, errno 0", false),
  ])
  func aCertificateThatIsRefusedLate(detail: String, isInsecure: Bool) {
    let failure = failure(CURLE_RECV_ERROR, .sent, detail: detail)
    #expect(failure?.kind == (isInsecure ? .insecure : .interrupted))
    #expect(failure?.mayHaveReachedServer == true)
  }

  /// libcurl's words, of 7.88 and of 8.23.
  @Test(arguments: [
    "Illegal or missing hexadecimal sequence in chunked-encoding",
    "chunk hex-length char not a hex digit: 0x7a", "Malformed encoding found in chunked-encoding",
    "Too long hexadecimal number in chunked-encoding", "chunk hex-length longer than 17",
  ])
  func chunksThatAreNone(detail: String) {
    #expect(failure(CURLE_RECV_ERROR, .headComplete, detail: detail)?.kind == .malformed)
  }

  @Test func oneCodeOfManyMeanings() {
    let headers = failure(CURLE_RECV_ERROR, .headBegun, detail: "Too large response headers: 300001 > 300000")
    #expect(headers?.kind == .tooLarge)
  }

  @Test func anEndInsideTheHeadIsNoSuccess() {
    #expect(failure(CURLE_OK, .headComplete) == nil)
    #expect(failure(CURLE_OK, .headBegun)?.kind == .truncated)
    #expect(failure(CURLE_OK, .sent)?.kind == .truncated)
  }
}

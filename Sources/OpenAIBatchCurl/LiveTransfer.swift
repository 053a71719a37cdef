// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import COpenAIBatchCurl
internal import OpenAIBatchTransport

/// A transfer that has its turn: what libcurl says about it. Used on the engine's thread only.
final class LiveTransfer {
  let transfer: Transfer
  /// `nil` while a streamed body's source is being opened.
  var easy: EasyHandle?
  /// Whether something is to be delivered after this turn.
  private(set) var isDirty = false

  /// Keeps no cycle: the loop lets go of each transfer that ends, and ends them all.
  private let loop: EngineLoop
  private var parser = ResponseHeadParser()
  private var pauses: EasyHandle.Pauses = []
  private var sentCount = 0
  private var unsent: ArraySlice<UInt8> = []
  private var hasSent = false
  /// Whether libcurl sent the request once more, on another connection.
  private var wasRepeated = false
  private var failure: TransportFailure?
  /// Set when the response came before the whole body was sent, and the rest is of no use.
  private var needsUnpause = false

  private var receivedCount: Int64 = 0
  private let started: ContinuousClock.Instant
  private var lastActivity: ContinuousClock.Instant
  private var lastUploadSize: Int64 = 0

  init(_ transfer: Transfer, loop: EngineLoop) {
    self.transfer = transfer
    self.loop = loop
    started = loop.now
    lastActivity = loop.now
  }

  /// Whether the first byte of the request may have left.
  var mayHaveSent: Bool {
    // Before 7.80 libcurl does not tell; this time is set right after the first attempt to send.
    hasSent || (easy.map { $0.size(CURLINFO_PRETRANSFER_TIME_T) > 0 } ?? false)
  }

  /// Whether the request is on its way, and nothing of the response has come.
  var awaitsAnswer: Bool { hasSent && transfer.upload == nil && !parser.hasBegun }

  /// Whether the handle may serve another transfer after this one went well. libcurl counts over a handle's whole life
  /// how often it has sent a request anew, and fails at the sixth time.
  var leavesHandleAsNew: Bool { CurlLibrary.mayReuseHandles && hasSent && !wasRepeated }

  // MARK: libcurl's questions

  /// A connection is there and the first byte of the request comes next; `false` ends the transfer before it.
  /// Called again when libcurl repeats a request on another connection.
  func requestBegins() -> Bool {
    guard !hasSent || transfer.request.mayBeRepeated else {
      failure = TransportFailure(
        .interrupted, "The connection to \(transfer.authority) was dead before its answer began.")
      return false
    }
    wasRepeated = hasSent
    hasSent = true
    touch()
    loop.noteDeadline(loop.now + transfer.timeouts.idle)
    return true
  }

  /// A header line with its ending; `false` ends the transfer.
  func receiveHeaderLine(_ line: Span<UInt8>) -> Bool {
    touch()
    switch parser.consume(line) {
    case .more:
      return true
    case .complete(let head):
      headIsComplete(head)
      return true
    case .failed(let kind, let message):
      failure = TransportFailure(kind, message)
      return false
    }
  }

  private func headIsComplete(_ head: ResponseHead) {
    transfer.receiveHead(head)
    markDirty()
    // libcurl stops sending after such a status, but not while the upload is paused.
    if head.statusCode >= 300, let upload = transfer.upload {
      upload.close()
      needsUnpause = pauses.contains(.sending)
    }
  }

  func receive(_ bytes: Span<UInt8>) -> EasyHandle.ReceiveVerdict {
    touch()
    guard transfer.receive(bytes, expectedLength: parser.contentLength.map { Int($0) }) else {
      pauses.insert(.receiving)
      return .pause
    }
    receivedCount += Int64(bytes.count)
    markDirty()
    return .taken
  }

  func fill(_ buffer: UnsafeMutableRawBufferPointer) -> EasyHandle.FillVerdict {
    touch()
    guard let upload = transfer.upload else {
      let rest = transfer.bytes[sentCount...].prefix(buffer.count)
      buffer.copyBytes(from: rest)
      sentCount += rest.count
      return .filled(rest.count)
    }
    var filled = 0
    while filled < buffer.count {
      if unsent.isEmpty {
        switch upload.take() {
        case .bytes(let bytes):
          unsent = bytes
        case .end:
          return .filled(filled)
        case .starved:
          guard filled == 0 else { return .filled(filled) }
          pauses.insert(.sending)
          return .pause
        case .failed(let failure):
          self.failure = failure
          return .fail
        }
      }
      let part = unsent.prefix(buffer.count - filled)
      UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyBytes(from: part)
      filled += part.count
      unsent = unsent.dropFirst(part.count)
    }
    return .filled(filled)
  }

  // MARK: The loop's orders

  func resumeReceiving() -> CURLcode {
    guard pauses.contains(.receiving) else { return CURLE_OK }
    return resume(.receiving)
  }

  func resumeSending() -> CURLcode {
    guard pauses.contains(.sending) else { return CURLE_OK }
    return resume(.sending)
  }

  private func resume(_ direction: EasyHandle.Pauses) -> CURLcode {
    pauses.remove(direction)
    touch()
    loop.noteDeadline(loop.now + transfer.timeouts.idle)
    return easy?.setPauses(pauses) ?? CURLE_OK
  }

  /// Wakes the caller for what this turn brought.
  func deliver() -> CURLcode {
    isDirty = false
    transfer.deliver()
    guard needsUnpause else { return CURLE_OK }
    needsUnpause = false
    return resumeSending()
  }

  /// When this transfer is to be looked at again, or the failure that is due now.
  func check(now: ContinuousClock.Instant) -> Result<ContinuousClock.Instant?, TransportFailure> {
    if let deadline = transfer.deadline, deadline <= now { return .failure(timeout("total")) }
    guard hasSent, pauses.isEmpty else { return .success(transfer.deadline) }
    let uploadSize = easy?.size(CURLINFO_SIZE_UPLOAD_T) ?? 0
    if uploadSize != lastUploadSize {
      lastUploadSize = uploadSize
      lastActivity = now
    }
    let idleEnd = lastActivity + transfer.timeouts.idle
    guard idleEnd > now else { return .failure(timeout("idle")) }
    return .success(transfer.deadline.map { min($0, idleEnd) } ?? idleEnd)
  }

  private func timeout(_ name: String) -> TransportFailure {
    let reason = "The \(name) timeout of the request to \(transfer.authority) passed."
    return TransportFailure(mayHaveSent ? .timedOut : .notSent, reason)
  }

  /// How the transfer ended; `nil` for well.
  func failure(for code: CURLcode) -> TransportFailure? {
    if let failure { return failure }
    guard let easy else { return nil }
    // Over HTTP/2 libcurl takes a stream that the server gave up for one that ended.
    let code = code == CURLE_OK && isShort ? CURLE_PARTIAL_FILE : code
    let outcome = TransferOutcome(
      code: code, hasSent: mayHaveSent, headHasBegun: parser.hasBegun, headIsComplete: parser.isComplete,
      proxyStatus: code == CURLE_OK ? 0 : easy.long(CURLINFO_HTTP_CONNECTCODE),
      detail: code == CURLE_OK ? "" : easy.errorMessage(for: code), authority: transfer.authority)
    return outcome.failure
  }

  private var isShort: Bool {
    guard let expected = parser.contentLength, parser.mayHaveBody, transfer.request.shape != .head else {
      return false
    }
    return receivedCount < expected
  }

  /// What the call took; to be asked for before the handle is closed.
  func metrics(failure: TransportFailure.Kind?) -> CurlTransport.Metrics? {
    guard let easy else { return nil }
    func time(_ info: CURLINFO) -> Duration { .microseconds(easy.size(info)) }
    // For a reused connection libcurl gives the time in which it found that.
    let isReused = hasSent && easy.long(CURLINFO_NUM_CONNECTS) == 0
    return CurlTransport.Metrics(
      operation: transfer.operation, authority: transfer.authority, status: parser.statusCode,
      failure: failure,
      httpVersion: Self.versionNames[easy.long(CURLINFO_HTTP_VERSION)], isConnectionReused: isReused,
      queued: started - transfer.created, nameLookup: isReused ? .zero : time(CURLINFO_NAMELOOKUP_TIME_T),
      connect: isReused ? .zero : time(CURLINFO_CONNECT_TIME_T),
      secured: isReused ? .zero : time(CURLINFO_APPCONNECT_TIME_T),
      firstByte: time(CURLINFO_STARTTRANSFER_TIME_T),
      total: time(CURLINFO_TOTAL_TIME_T), sentBytes: easy.size(CURLINFO_SIZE_UPLOAD_T),
      receivedBytes: receivedCount)
  }

  private static let versionNames: [Int: String] = [
    Int(CURL_HTTP_VERSION_1_0): "HTTP/1.0", Int(CURL_HTTP_VERSION_1_1): "HTTP/1.1",
    Int(CURL_HTTP_VERSION_2_0): "HTTP/2",
  ]

  private func touch() {
    lastActivity = loop.now
  }

  private func markDirty() {
    guard !isDirty else { return }
    isDirty = true
    loop.noteDirty(self)
  }
}

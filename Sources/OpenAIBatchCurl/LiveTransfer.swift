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
  /// Whether the first byte of the request may have left: libcurl has asked whether it may. Its times do not tell:
  /// newer versions set all of them for a request that was never sent.
  private(set) var mayHaveSent = false
  /// Whether libcurl sent the request once more, on another connection.
  private var wasRepeated = false
  private var failure: TransportFailure?
  /// Whether sending is to go on after this turn.
  private var needsUnpause = false
  private var openedSockets: [curl_socket_t] = []
  /// That of the connection; `nil` where it is not known, and where others may share it.
  private var socket: curl_socket_t?
  /// Whether a kept connection turned out to be of no use before anything was sent on it.
  private(set) var needsFreshConnection: Bool

  private var receivedCount: Int64 = 0
  private let started: ContinuousClock.Instant
  private var lastActivity: ContinuousClock.Instant
  private var lastUploadSize: Int64 = 0

  init(_ transfer: Transfer, loop: EngineLoop) {
    self.transfer = transfer
    self.loop = loop
    needsFreshConnection = transfer.request.needsFreshConnection
    started = loop.now
    lastActivity = loop.now
  }

  /// Whether the request is on its way, and nothing of the response has come.
  var awaitsAnswer: Bool { mayHaveSent && transfer.upload == nil && !parser.hasBegun }

  /// Whether the handle may serve another transfer after this one went well. libcurl counts over a handle's whole life
  /// how often it has sent a request anew, and fails at the sixth time.
  var leavesHandleAsNew: Bool {
    CurlLibrary.mayReuseHandles && mayHaveSent && !wasRepeated && !parser.isAmbiguous
  }

  // MARK: libcurl's questions

  /// A socket was made for this transfer.
  func didOpen(_ socket: curl_socket_t) {
    openedSockets.append(socket)
  }

  /// A connection is there and the first byte of the request comes next; `false` ends the transfer before it.
  /// Called again when libcurl repeats a request on another connection.
  func requestBegins(on ends: ConnectionSockets.Ends) -> Bool {
    guard !mayHaveSent || transfer.request.mayBeRepeated else {
      failure = TransportFailure(
        .interrupted, "The connection to \(transfer.authority) was dead before its answer began.")
      return false
    }
    let isKept = openedSockets.isEmpty
    if !isKept { loop.sockets.add(ends, opened: openedSockets) }
    socket = loop.sharesConnections ? nil : loop.sockets.socket(of: ends)
    // What waits on a kept connection is its end, or no answer to this request.
    if isKept, let socket,
      ConnectionSockets.input(of: socket) != .nothing
        || transfer.request.isSecure && easy?.hasDecryptedInput == true
    {
      needsFreshConnection = true
      return false
    }
    wasRepeated = mayHaveSent
    mayHaveSent = true
    touch()
    loop.noteDeadline(nextLook(idleEnd: loop.now + transfer.timeouts.idle, now: loop.now))
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
    if parser.isAmbiguous { easy?.leaveConnection() }
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
    if !parser.isComplete { touch() }
    if answerMayHaveCome { return pauseForAnswer() }
    let before = sentCount
    let verdict = copy(to: buffer)
    // Much takes its time to copy.
    guard case .filled(let count) = verdict, before > 0, count >= 64 << 10, answerMayHaveCome else {
      return verdict
    }
    sentCount = before
    if transfer.upload != nil { unsent = buffer[..<count] + unsent }
    return pauseForAnswer()
  }

  private func pauseForAnswer() -> EasyHandle.FillVerdict {
    pauses.insert(.sending)
    needsUnpause = true
    markDirty()
    return .pause
  }

  private func copy(to buffer: UnsafeMutableRawBufferPointer) -> EasyHandle.FillVerdict {
    guard let upload = transfer.upload else {
      let rest = transfer.bytes[sentCount...].prefix(buffer.count)
      buffer.copyBytes(from: rest)
      sentCount += rest.count
      return .filled(rest.count)
    }
    var filled = 0
    defer { sentCount += filled }
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
          noteNextLook()
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

  /// A server that has answered need not read the rest: it may close, and libcurl, which fails when it cannot send,
  /// would not look at the answer. So it reads before it sends more.
  private var answerMayHaveCome: Bool {
    guard sentCount > 0, !parser.isComplete, let socket else { return false }
    return ConnectionSockets.input(of: socket) == .bytes
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
    noteNextLook()
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
    // A caller that does not read, and a source that rests, are no silence of the server's; once it has answered, it
    // need not wait for the source.
    guard mayHaveSent, pauses.isEmpty || pauses == .sending && parser.isComplete else {
      return .success(transfer.deadline)
    }
    let uploadSize = easy?.size(CURLINFO_SIZE_UPLOAD_T) ?? 0
    if uploadSize != lastUploadSize {
      lastUploadSize = uploadSize
      lastActivity = now
    }
    let idleEnd = lastActivity + transfer.timeouts.idle
    guard idleEnd > now else { return .failure(timeout("idle")) }
    let next = nextLook(idleEnd: idleEnd, now: now)
    if isLeftToRead {
      pauses = []
      _ = easy?.setPauses(pauses)
    }
    return .success(transfer.deadline.map { min($0, next) } ?? next)
  }

  private func noteNextLook() {
    loop.noteDeadline(nextLook(idleEnd: loop.now + transfer.timeouts.idle, now: loop.now))
  }

  /// Whether the server has refused the rest of an upload, and only its answer is still wanted. Where that ends with
  /// the connection, libcurl sees it only while nothing is paused.
  private var isLeftToRead: Bool {
    pauses == .sending && parser.isComplete && transfer.upload?.isClosed == true
  }

  /// libcurl says how much of a body it has sent, and not when: that is only as exact as it is looked at often. What is
  /// left to read is looked for more often still.
  private func nextLook(
    idleEnd: ContinuousClock.Instant, now: ContinuousClock.Instant
  ) -> ContinuousClock.Instant {
    if isLeftToRead { return min(idleEnd, now + .milliseconds(50)) }
    guard case .upload = transfer.request.shape, !parser.hasBegun else { return idleEnd }
    return min(idleEnd, now + min(transfer.timeouts.idle / 8, .milliseconds(500)))
  }

  private func timeout(_ name: String) -> TransportFailure {
    let reason = "The \(name) timeout of the request to \(transfer.authority) passed."
    return TransportFailure(mayHaveSent ? .timedOut : .notSent, reason)
  }

  /// How the transfer ended; `nil` for well.
  func failure(for code: CURLcode) -> TransportFailure? {
    if let failure { return failure }
    guard let easy else { return nil }
    if hasWholeAnswer { return nil }
    // Over HTTP/2 libcurl takes a stream that the server gave up for one that ended.
    let code = code == CURLE_OK && isShort ? CURLE_PARTIAL_FILE : code
    let outcome = TransferOutcome(
      code: code, hasSent: mayHaveSent, headHasBegun: parser.hasBegun, headIsComplete: parser.isComplete,
      proxyStatus: code == CURLE_OK ? 0 : easy.long(CURLINFO_HTTP_CONNECTCODE),
      detail: code == CURLE_OK ? "" : easy.errorMessage(for: code), authority: transfer.authority)
    return outcome.failure
  }

  /// Whether the server has said all, and if before it read the whole request: what becomes of the rest is of no
  /// interest then.
  var hasWholeAnswer: Bool {
    guard parser.isComplete, transfer.upload != nil || sentCount > 0 else { return false }
    return !parser.mayHaveBody || parser.contentLength == receivedCount
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
    let isReused = mayHaveSent && easy.long(CURLINFO_NUM_CONNECTS) == 0
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

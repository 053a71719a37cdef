// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#endif

/// One accepted connection, scripted by a test from its own thread. Calls block.
package final class LoopbackConnection: Sendable {
  private let descriptor: CInt
  private let record: @Sendable (RecordedRequest) -> Void
  private struct State {
    var buffered: ArraySlice<UInt8> = []
    var isClosed = false
  }
  private let state = Mutex(State())

  init(_ descriptor: CInt, record: @escaping @Sendable (RecordedRequest) -> Void) {
    self.descriptor = descriptor
    self.record = record
  }

  /// Reads one request with its whole body (by Content-Length or chunked); `nil` when the peer closed.
  package func readRequest() -> RecordedRequest? {
    guard var request = readHead() else { return nil }
    if request.header("transfer-encoding")?.lowercased() == "chunked" {
      guard let body = readChunked() else { return nil }
      request.body = body
    } else if let length = request.header("content-length").flatMap({ Int($0) }), length > 0 {
      guard let body = read(count: length) else { return nil }
      request.body = body
    }
    record(request)
    return request
  }

  /// Reads a request's head only; its body stays in the socket.
  package func readHead() -> RecordedRequest? {
    var head: [UInt8] = []
    while !head.hasSuffix([13, 10, 13, 10]) {
      guard let byte = read(count: 1) else { return nil }
      head += byte
    }
    return RecordedRequest(head: String(decoding: head, as: UTF8.self))
  }

  /// Reads exactly `count` bytes; `nil` when the peer closed before.
  package func read(count: Int) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      guard let chunk = readSome(atMost: count - result.count) else { return nil }
      result += chunk
    }
    return result
  }

  /// Reads what is there, at most `limit` bytes; `nil` when the peer closed.
  package func readSome(atMost limit: Int) -> [UInt8]? {
    let buffered = state.withLock { state -> [UInt8] in
      let taken = Array(state.buffered.prefix(limit))
      state.buffered = state.buffered.dropFirst(taken.count)
      return taken
    }
    if !buffered.isEmpty { return buffered }
    let capacity = max(limit, 64 << 10)
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      var received: Int
      repeat {
        received = recv(descriptor, buffer.baseAddress, capacity, 0)
      } while received < 0 && errno == EINTR
      failed = received <= 0
      count = max(received, 0)
    }
    guard !failed else { return nil }
    guard bytes.count > limit else { return bytes }
    state.withLock { $0.buffered = bytes[limit...] }
    return Array(bytes[..<limit])
  }

  /// Sends bytes; `false` when the peer is gone.
  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { buffer in
        #if canImport(Glibc)
        Glibc.send(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
        #else
        Darwin.send(descriptor, buffer.baseAddress, buffer.count, 0)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Sends text as UTF-8; `false` when the peer is gone.
  @discardableResult
  package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Blocks until the peer closes, reading and dropping what it sends.
  package func waitForPeerToClose() {
    while readSome(atMost: 64 << 10) != nil {}
  }

  /// Closes in order (FIN).
  package func close() {
    let first = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard first else { return }
    shutdown(descriptor, CInt(SHUT_RDWR))
    #if canImport(Glibc)
    _ = Glibc.close(descriptor)
    #else
    _ = Darwin.close(descriptor)
    #endif
  }

  /// Breaks the connection off (RST).
  package func reset() {
    let first = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard first else { return }
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    #if canImport(Glibc)
    _ = Glibc.close(descriptor)
    #else
    _ = Darwin.close(descriptor)
    #endif
  }

  /// Reads a chunked body to its end, handing over each chunk; `false` when the peer closed before.
  @discardableResult
  package func readChunks(_ handle: ([UInt8]) -> Void) -> Bool {
    while true {
      var line: [UInt8] = []
      while !line.hasSuffix([13, 10]) {
        guard let byte = read(count: 1) else { return false }
        line += byte
      }
      let text = String(decoding: line.dropLast(2), as: UTF8.self)
      guard let size = Int(text, radix: 16), let chunk = read(count: size + 2) else { return false }
      if size == 0 { return true }
      handle(Array(chunk[..<size]))
    }
  }

  private func readChunked() -> [UInt8]? {
    var body: [UInt8] = []
    return readChunks { body += $0 } ? body : nil
  }
}

extension [UInt8] {
  fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
